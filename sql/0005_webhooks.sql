-- Webhooks: signing secrets, endpoints, events, and every attempt to deliver one.

-- Signing keys, encrypted with the master key. From its creation the next key signs beside the current one; at
-- `next_from` it becomes the current one.
CREATE TABLE webhook_secrets (
    tenant_id      text PRIMARY KEY REFERENCES tenants,
    current_sealed bytea NOT NULL,
    next_sealed    bytea,
    next_from      timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT webhook_secrets_next_check CHECK ((next_sealed IS NULL) = (next_from IS NULL))
);

-- The URLs that a tenant's events go to. The default is used for jobs that name no other.
CREATE TABLE webhook_endpoints (
    tenant_id        text NOT NULL REFERENCES tenants,
    url              text NOT NULL CHECK (octet_length(url) BETWEEN 1 AND 2048),
    -- Scheme, host and port.
    origin           text NOT NULL GENERATED ALWAYS AS (coalesce(lower(substring(url from '^[^:/?#]+://[^/?#]*')), url)) STORED,
    is_default       boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL DEFAULT now(),
    last_success     timestamptz,
    -- Since when every attempt has failed; null after a success.
    first_failure_at timestamptz,
    -- Since when the endpoint is marked as failing: attempts have failed for a day. It still gets events.
    failing_since    timestamptz,
    PRIMARY KEY (tenant_id, url)
);
CREATE UNIQUE INDEX webhook_endpoints_default ON webhook_endpoints (tenant_id) WHERE is_default;
CREATE INDEX webhook_endpoints_by_origin ON webhook_endpoints (tenant_id, origin);

-- A claim gives an event the next number from here. A sender that holds an older number can no longer write.
CREATE SEQUENCE delivery_fences;

-- One event per job, written in the transaction that ends the job. All attempts send the same body.
CREATE TABLE webhook_events (
    tenant_id           text NOT NULL,
    id                  text NOT NULL CHECK (id ~ '^evt_[0-9A-HJKMNP-TV-Z]{26}$'),
    job_id              text NOT NULL,
    event               text NOT NULL CHECK (event IN ('job.completed', 'job.failed', 'job.cancelled')),
    url                 text NOT NULL,
    -- Scheme, host and port.
    origin              text NOT NULL GENERATED ALWAYS AS (coalesce(lower(substring(url from '^[^:/?#]+://[^/?#]*')), url)) STORED,
    body                bytea NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),

    status              text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sending', 'delivered', 'given_up')),
    attempt             integer NOT NULL DEFAULT 0,
    -- Attempts of the current retry schedule; redelivery starts a new one.
    schedule_attempts   integer NOT NULL DEFAULT 0,
    schedule_started_at timestamptz,
    next_attempt_at     timestamptz NOT NULL DEFAULT now(),
    -- The time of `next_attempt_at` has come. Set by whoever claims events, so that a claim need not look at those that wait.
    due                 boolean NOT NULL DEFAULT true,
    -- The endpoint was deleted while the event was being sent: there is no further attempt.
    abandoned           boolean NOT NULL DEFAULT false,
    fence               bigint,
    lease_until         timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, job_id),
    FOREIGN KEY (tenant_id, url) REFERENCES webhook_endpoints (tenant_id, url),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_events_lease_check CHECK ((status = 'sending') = (lease_until IS NOT NULL))
);
CREATE INDEX webhook_events_due ON webhook_events (tenant_id, origin, next_attempt_at) WHERE status = 'pending' AND due;
CREATE INDEX webhook_events_waiting ON webhook_events (next_attempt_at) WHERE status = 'pending' AND NOT due;
CREATE INDEX webhook_events_by_next_attempt ON webhook_events (next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_events_sending ON webhook_events (tenant_id, origin) WHERE status = 'sending';
CREATE INDEX webhook_events_by_lease ON webhook_events (lease_until) WHERE status = 'sending';
CREATE INDEX webhook_events_by_creation ON webhook_events (tenant_id, created_at, id);
-- Whether an endpoint was ever used, which decides whether it can be deleted.
CREATE INDEX webhook_events_by_url ON webhook_events (tenant_id, url);
CREATE INDEX webhook_events_unfinished_by_url ON webhook_events (tenant_id, url) WHERE status IN ('pending', 'sending');

-- Every attempt, without the body of the response.
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
CREATE INDEX webhook_attempts_by_time ON webhook_attempts (tenant_id, at DESC, event_id DESC, number DESC);

-- Origins whose last attempt failed. They have sender slots of their own.
CREATE TABLE webhook_failing_origins (
    tenant_id text NOT NULL REFERENCES tenants,
    origin    text NOT NULL,
    PRIMARY KEY (tenant_id, origin)
);
