-- Pipeline: whose turn it is, how many jobs a tenant has under way, and submissions that are sent again.

-- How many jobs of a tenant wait and run, and when it last had a turn. A claim locks the row, so the limit holds under SKIP LOCKED.
CREATE TABLE tenant_load (
    tenant_id    text PRIMARY KEY REFERENCES tenants,
    queued_jobs  integer NOT NULL DEFAULT 0 CHECK (queued_jobs >= 0),
    running_jobs integer NOT NULL DEFAULT 0 CHECK (running_jobs >= 0),
    -- The number of the last claim that was this tenant's.
    last_turn    bigint NOT NULL DEFAULT 0
);
CREATE INDEX tenant_load_open ON tenant_load (last_turn) WHERE queued_jobs + running_jobs > 0;

-- One row: claims are made one after the other, however many workers there are.
CREATE TABLE turns (
    only_one    boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    turn        bigint NOT NULL DEFAULT 0,
    -- How often in a row the priority class went first while the other waited.
    in_a_row    integer NOT NULL DEFAULT 0
);
INSERT INTO turns DEFAULT VALUES;

-- A task whose claim starts its job, and so counts against the tenant's concurrency.
ALTER TABLE tasks ADD COLUMN starts boolean NOT NULL DEFAULT false;
UPDATE tasks t SET starts = true
    FROM jobs j WHERE j.tenant_id = t.tenant_id AND j.id = t.job_id AND j.status = 'queued' AND t.status = 'ready';
INSERT INTO tenant_load (tenant_id, queued_jobs, running_jobs)
    SELECT tenant_id, count(*) FILTER (WHERE status = 'queued'), count(*) FILTER (WHERE status = 'processing') FROM jobs GROUP BY 1;
DROP INDEX tasks_to_claim;
CREATE INDEX tasks_to_claim ON tasks (tenant_id, starts, priority, job_id, id) WHERE status = 'ready' AND kind <> 'clean';
-- What cleans up after jobs has a lane of its own.
CREATE INDEX chores_to_claim ON tasks (run_after) WHERE status = 'ready' AND kind = 'clean';

-- Submissions under a key of the customer's: the same one again is answered as the first was.
CREATE TABLE idempotency_keys (
    tenant_id   text NOT NULL REFERENCES tenants,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    -- Who works on it, until when unless it says so again.
    holder      text,
    lease_until timestamptz,
    -- SHA-256 of what was asked; with it, the answer.
    fingerprint bytea CHECK (length(fingerprint) = 32),
    job_id      text,
    answer      bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key),
    CHECK ((holder IS NULL) = (lease_until IS NULL)),
    CHECK ((answer IS NULL) = (holder IS NOT NULL)),
    CHECK ((answer IS NULL) = (fingerprint IS NULL) AND (answer IS NULL) = (job_id IS NULL))
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

ALTER TABLE tenant_load ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_load FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON tenant_load TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON tenant_load TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
CREATE POLICY every ON tenant_load TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON tenant_load TO verbatim_app;
GRANT SELECT, UPDATE ON tenant_load TO verbatim_system;
GRANT SELECT, UPDATE ON turns TO verbatim_system;

ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON idempotency_keys TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON idempotency_keys TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO verbatim_app;

-- A claim that starts a job says so on the job, within the tenant's concurrency, and not while the account is suspended.
CREATE POLICY every ON jobs TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, status), UPDATE (status, started_at, status_changed_at) ON jobs TO verbatim_system;
CREATE POLICY every ON quota_overrides TO verbatim_system USING (true);
GRANT SELECT ON quota_overrides TO verbatim_system;
