-- Pipeline: what operators and the service do time and again, made safe to do at once and cheap to do often.

-- Until when nobody else may submit a failed job once more: who does it as `retried_as` says so again while the copy takes its time.
ALTER TABLE jobs ADD COLUMN retry_until timestamptz;
ALTER TABLE jobs ADD CONSTRAINT jobs_retry_check CHECK (retry_until IS NULL OR retried_as IS NOT NULL);
