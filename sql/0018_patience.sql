-- Pipeline: how long a task is put off counts from its first claim, not from its making: it may have waited days for its turn.
ALTER TABLE tasks ADD COLUMN first_claimed_at timestamptz;
-- What is being tried already goes on as before.
UPDATE tasks SET first_claimed_at = created_at WHERE status IN ('ready', 'running') AND (attempt > 0 OR last_error IS NOT NULL);
