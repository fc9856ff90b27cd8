-- How long transcripts are kept, and until when a job must be finished.

-- Null: transcripts are kept until somebody deletes them.
ALTER TABLE account_limits ADD COLUMN transcript_retention_days smallint CHECK (transcript_retention_days BETWEEN 1 AND 3650);

-- The job's own; the shorter of its account's and its own applies.
ALTER TABLE jobs ADD COLUMN transcript_retention_days smallint CHECK (transcript_retention_days BETWEEN 1 AND 3650);
-- When its transcript is deleted by the job's own retention; set when the job completes.
ALTER TABLE jobs ADD COLUMN transcript_due_at timestamptz;
CREATE INDEX jobs_transcript_due ON jobs (transcript_due_at)
    WHERE transcript_due_at IS NOT NULL AND status = 'completed' AND transcript_deleted_at IS NULL;
CREATE INDEX jobs_with_transcript ON jobs (tenant_id, completed_at) WHERE status = 'completed' AND transcript_deleted_at IS NULL;

-- A job that is not finished by then is cancelled.
ALTER TABLE jobs ADD COLUMN deadline_at timestamptz;
CREATE INDEX jobs_by_deadline ON jobs (deadline_at) WHERE deadline_at IS NOT NULL AND status IN ('queued', 'processing');
ALTER TABLE jobs DROP CONSTRAINT jobs_error_check;
ALTER TABLE jobs ADD CONSTRAINT jobs_error_check CHECK (
    CASE status
        WHEN 'failed' THEN error_code IS NOT NULL
        WHEN 'cancelled' THEN error_code IS NULL OR error_code = 'deadline_exceeded'
        ELSE error_code IS NULL
    END);
