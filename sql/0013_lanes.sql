-- Each lane counts its own turns, what grows beyond its month takes its place anew, and indexes for what is asked of many jobs.

-- Of the fetches. With one count for both lanes, a fetch of one class took the turn that the other class was owed at the engines.
ALTER TABLE turns ADD COLUMN fetches_in_a_row integer NOT NULL DEFAULT 0;
ALTER TABLE tenant_load ADD COLUMN last_fetch bigint NOT NULL DEFAULT 0;

-- What a job needs beyond the month is reserved when that is known, behind what was admitted meanwhile.
GRANT UPDATE (admission) ON reservations TO verbatim_app;

-- What still waits for an endpoint, however much it was told.
CREATE INDEX webhook_events_open_by_url ON webhook_events (tenant_id, url) WHERE status IN ('pending', 'sending');
-- What ended within the hour, and what a month's bill is compared with.
CREATE INDEX jobs_by_end ON jobs (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX jobs_by_creation ON jobs (created_at);
