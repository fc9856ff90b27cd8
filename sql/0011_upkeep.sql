-- Pipeline: what operators and the service do time and again, made safe to do at once and cheap to do often.

-- Until when nobody else may submit a failed job once more: who does it as `retried_as` says so again while the copy takes its time.
ALTER TABLE jobs ADD COLUMN retry_until timestamptz;
ALTER TABLE jobs ADD CONSTRAINT jobs_retry_check CHECK (retry_until IS NULL OR retried_as IS NOT NULL);

-- A worker's sweep forgets, across tenants, the customers' keys whose day is over. It reads neither what was asked nor the answer, and
-- the right to change is that to lock.
CREATE POLICY every ON idempotency_keys TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, key, lease_until, created_at), UPDATE (lease_until), DELETE ON idempotency_keys TO verbatim_system;

-- Operators name a job by its id alone. A hash, because an ordered index would tempt a tenant's list to walk through all tenants' jobs.
CREATE INDEX jobs_by_id ON jobs USING hash (id);
-- And they list the newest of all tenants, status by status.
CREATE INDEX jobs_by_state ON jobs (status, id);
