-- Tenants, their API keys and sessions, the service's signing keys, and the log of what operators changed.
-- Who may read and write a table stands in rights.sql.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- A deleted tenant's row stays, without its name, because the ledger refers to it.
CREATE TABLE tenants (
    id         text PRIMARY KEY CHECK (id ~ '^ten_[0-9A-HJKMNP-TV-Z]{26}$'),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    plan       text NOT NULL,
    status     text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'deleted')),
    created_at timestamptz NOT NULL DEFAULT now()
);
-- Every node asks twice a second which tenants are suspended.
CREATE INDEX tenants_suspended ON tenants (id) WHERE status = 'suspended';

-- Of a key's secret only the Argon2id hash is stored, as a PHC string.
CREATE TABLE api_keys (
    tenant_id    text NOT NULL REFERENCES tenants,
    id           text NOT NULL CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    secret_hash  text NOT NULL CHECK (secret_hash LIKE '$argon2id$%'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- Null: the key does not expire.
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    -- The key that replaces this one. Both work until this one's `expires_at`.
    replaced_by  text,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (id),
    FOREIGN KEY (tenant_id, replaced_by) REFERENCES api_keys (tenant_id, id)
);
-- Every node asks twice a second which keys were revoked or have expired.
CREATE INDEX api_keys_by_revocation ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;

-- A session is a family of tokens: each refresh replaces the last token by a new one. The row of the first token
-- (`token_hash = family`) stands for the session, and revoking that row ends it. A token that is used again after it
-- was replaced ends its session too (RFC 9700).
-- A token is 256 random bits, which nobody can guess, so a plain SHA-256 of it is enough.
CREATE TABLE refresh_tokens (
    tenant_id  text NOT NULL,
    key_id     text NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    family     bytea NOT NULL CHECK (length(family) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    -- When a new token replaced this one.
    rotated_at timestamptz,
    -- The token that replaced this one, for a few seconds, so that a client may repeat a refresh whose response it lost.
    -- Encrypted with a key that only the holder of this token can derive.
    successor  bytea,
    -- When a token that replaced another was first used: its holder has received it.
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, token_hash),
    UNIQUE (token_hash),
    FOREIGN KEY (tenant_id, key_id) REFERENCES api_keys (tenant_id, id),
    CONSTRAINT refresh_tokens_successor_check CHECK (successor IS NULL OR rotated_at IS NOT NULL)
);
CREATE INDEX refresh_tokens_by_key ON refresh_tokens (tenant_id, key_id, expires_at);
-- A login counts the key's open sessions and ends the oldest ones.
CREATE INDEX refresh_tokens_open_sessions ON refresh_tokens (tenant_id, key_id, created_at)
    WHERE token_hash = family AND revoked_at IS NULL;
-- Every node asks twice a second which sessions have ended.
CREATE INDEX refresh_tokens_by_revocation ON refresh_tokens (revoked_at)
    WHERE token_hash = family AND revoked_at IS NOT NULL;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (tenant_id, family, created_at);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);
CREATE INDEX refresh_tokens_with_successor ON refresh_tokens (rotated_at) WHERE successor IS NOT NULL;

-- The service's keys for access tokens. The private key is encrypted with the master key.
CREATE TABLE jwt_keys (
    kid            text PRIMARY KEY,
    algorithm      text NOT NULL CHECK (algorithm = 'ES256'),
    private_sealed bytea NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- A key is published before it signs, so that everyone who caches the key set has it by then.
    signs_from     timestamptz NOT NULL DEFAULT now(),
    -- Until then a key that no longer signs still verifies.
    retired_at     timestamptz
);

-- What operators changed. Append-only, by a trigger.
CREATE TABLE audit_log (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    operator  text NOT NULL CHECK (operator <> ''),
    action    text NOT NULL,
    tenant_id text,
    target    text,
    details   jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_log_by_tenant ON audit_log (tenant_id, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
