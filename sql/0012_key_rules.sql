-- Test keys and their jobs, addresses from which a key may be used, and tokens that submit one job.

ALTER TABLE api_keys ADD COLUMN mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test'));
-- Blocks of addresses such as 192.0.2.0/24. Null: any address.
ALTER TABLE api_keys ADD COLUMN allowed_addresses text[] CHECK (cardinality(allowed_addresses) BETWEEN 1 AND 50);
-- Every node knows these when it starts.
CREATE INDEX api_keys_with_addresses ON api_keys (id) WHERE allowed_addresses IS NOT NULL AND revoked_at IS NULL;

-- A test key's job has no tasks, no reservation and no recording. It ends at `test_due_at` in the way that its customer asked for.
ALTER TABLE jobs ADD COLUMN is_test boolean NOT NULL DEFAULT false;
-- `completed`, or the error code with which it fails.
ALTER TABLE jobs ADD COLUMN test_outcome text;
ALTER TABLE jobs ADD COLUMN test_due_at timestamptz;
ALTER TABLE jobs ADD CONSTRAINT jobs_test_check CHECK (
    is_test = (test_due_at IS NOT NULL) AND is_test = (test_outcome IS NOT NULL));
CREATE INDEX jobs_test_due ON jobs (test_due_at) WHERE is_test AND status = 'queued';
CREATE INDEX jobs_test ON jobs (tenant_id, id) WHERE is_test AND deleted_at IS NULL;

-- Access tokens for a single job that have submitted it. A row is deleted when its token has expired.
CREATE TABLE used_tokens (
    tenant_id  text NOT NULL REFERENCES tenants,
    token      text NOT NULL CHECK (length(token) BETWEEN 1 AND 64),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, token)
);
CREATE INDEX used_tokens_by_expiry ON used_tokens (expires_at);
