-- Pipeline: webhooks. What is told, to whom, and how each try went.

-- Keys of the signatures, sealed under the master key. `next` signs beside `current` until `next_from`, then takes its place.
CREATE TABLE webhook_secrets (
    tenant_id      text PRIMARY KEY REFERENCES tenants,
    current_sealed bytea NOT NULL,
    next_sealed    bytea,
    next_from      timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CHECK ((next_sealed IS NULL) = (next_from IS NULL))
);

-- Where a tenant is told. `is_default`: where no job named another address. An address that answered nothing but failures for a day
-- is marked failing, and still tried.
CREATE TABLE webhook_endpoints (
    tenant_id     text NOT NULL REFERENCES tenants,
    url           text NOT NULL CHECK (octet_length(url) BETWEEN 1 AND 2048),
    is_default    boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_success  timestamptz,
    -- Since when every try failed; null after a success.
    failures_from timestamptz,
    failing_since timestamptz,
    PRIMARY KEY (tenant_id, url)
);
CREATE UNIQUE INDEX webhook_endpoints_default ON webhook_endpoints (tenant_id) WHERE is_default;

-- One event a job: its outcome, in the outcome's transaction. One body for every try.
CREATE TABLE webhook_events (
    tenant_id  text NOT NULL,
    id         text NOT NULL CHECK (id ~ '^evt_[0-9A-HJKMNP-TV-Z]{26}$'),
    job_id     text NOT NULL,
    event      text NOT NULL CHECK (event IN ('job.completed', 'job.failed', 'job.cancelled')),
    url        text NOT NULL,
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),

    status     text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sending', 'delivered', 'given_up')),
    attempt    integer NOT NULL DEFAULT 0,
    -- Of the schedule that is under way: a replay starts a new one.
    tries      integer NOT NULL DEFAULT 0,
    first_try  timestamptz,
    next_try   timestamptz NOT NULL DEFAULT now(),
    fence      bigint,
    lease_until timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, job_id),
    FOREIGN KEY (tenant_id, url) REFERENCES webhook_endpoints (tenant_id, url),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE,
    CHECK ((status = 'sending') = (lease_until IS NOT NULL))
);
CREATE INDEX webhook_events_due ON webhook_events (tenant_id, url, next_try) WHERE status = 'pending';
CREATE INDEX webhook_events_by_time ON webhook_events (next_try) WHERE status = 'pending';
CREATE INDEX webhook_events_sending ON webhook_events (tenant_id, url) WHERE status = 'sending';
CREATE INDEX webhook_events_to_rescue ON webhook_events (lease_until) WHERE status = 'sending';
CREATE INDEX webhook_events_by_age ON webhook_events (tenant_id, created_at);
CREATE SEQUENCE delivery_fences;

-- Every try, without what the receiver said.
CREATE TABLE webhook_attempts (
    tenant_id   text NOT NULL,
    event_id    text NOT NULL,
    number      integer NOT NULL CHECK (number > 0),
    at          timestamptz NOT NULL,
    status_code integer,
    latency_ms  integer,
    error       text,
    PRIMARY KEY (tenant_id, event_id, number),
    FOREIGN KEY (tenant_id, event_id) REFERENCES webhook_events (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE jobs ADD COLUMN webhook_url text;

ALTER TABLE webhook_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_secrets FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON webhook_secrets TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY every ON webhook_secrets TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON webhook_secrets TO verbatim_system;

ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON webhook_endpoints TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON webhook_endpoints TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
CREATE POLICY every ON webhook_endpoints TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints TO verbatim_app;
GRANT SELECT, UPDATE ON webhook_endpoints TO verbatim_system;

ALTER TABLE webhook_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_events FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON webhook_events TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON webhook_events TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
CREATE POLICY every ON webhook_events TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_events TO verbatim_app;
GRANT SELECT, UPDATE ON webhook_events TO verbatim_system;
GRANT USAGE ON SEQUENCE delivery_fences TO verbatim_system;

ALTER TABLE webhook_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON webhook_attempts TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON webhook_attempts TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
CREATE POLICY every ON webhook_attempts TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON webhook_attempts TO verbatim_app;
GRANT SELECT, INSERT ON webhook_attempts TO verbatim_system;
