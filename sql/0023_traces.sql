-- nodes: from 0022
-- online: yes
-- The trace that a job belongs to, so that what engines and receivers of webhooks record can be found by it.

-- Null for jobs from before.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS traceparent text;

-- As W3C Trace Context writes it. Checked only afterward, without a lock that keeps others out.
ALTER TABLE jobs DROP CONSTRAINT IF EXISTS jobs_traceparent_check,
    ADD CONSTRAINT jobs_traceparent_check CHECK (traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$') NOT VALID;

ALTER TABLE jobs VALIDATE CONSTRAINT jobs_traceparent_check;
