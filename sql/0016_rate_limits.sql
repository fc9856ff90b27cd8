-- Limits that count over all nodes. The tables are not logged: after a crash of PostgreSQL, what they held is missing for a minute at most.

-- The times of each caller's last calls, in milliseconds since 1970, oldest first; as many as the limit allows at most.
CREATE UNLOGGED TABLE rate_limit_calls (
    rate_limit text NOT NULL,
    -- SHA-256, so that no e-mail address or network stands here.
    caller     bytea NOT NULL CHECK (length(caller) = 32),
    moments    bigint[] NOT NULL CHECK (cardinality(moments) > 0),
    PRIMARY KEY (rate_limit, caller)
) WITH (fillfactor = 50);

-- Uploads in progress. Without a foreign key, whose row locks would be logged, so that each upload would wait for the disk.
CREATE UNLOGGED TABLE upload_slots (
    tenant_id   text NOT NULL,
    id          text NOT NULL,
    -- The node renews it while the upload is in progress.
    lease_until timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- Customers' queries have no password hashes.
ALTER TABLE members ADD COLUMN has_password boolean NOT NULL GENERATED ALWAYS AS (password_hash IS NOT NULL) STORED;
DO $$
BEGIN
    -- A new server has no such role yet.
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'verbatim_app') THEN
        REVOKE SELECT ON members FROM verbatim_app;
    END IF;
END
$$;
