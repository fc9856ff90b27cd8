-- Tenancy: who is asking and what they may do.
--
-- Two roles do the service's work; they own nothing and cannot bypass row-level security. `verbatim_app` sees the one tenant
-- named by SET LOCAL verbatim.tenant; `verbatim_system` sees across tenants, on the tables that say so. The migrating user owns.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['verbatim_app', 'verbatim_system'] LOOP
        -- Roles belong to the whole cluster: another database of it may be creating them at this moment.
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', name);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
        -- From PostgreSQL 16 on, who creates a role is its member, but may not enter it without the SET option.
        IF current_setting('server_version_num')::int >= 160000 THEN
            IF NOT pg_has_role(current_user, name, 'SET') THEN
                EXECUTE format('GRANT %I TO %I WITH SET TRUE', name, current_user);
            END IF;
        ELSIF NOT pg_has_role(current_user, name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', name, current_user);
        END IF;
    END LOOP;
END
$$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO verbatim_app, verbatim_system;

CREATE TABLE tenants (
    id         text PRIMARY KEY CHECK (id ~ '^ten_[0-9A-HJKMNP-TV-Z]{26}$'),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    plan       text NOT NULL,
    status     text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- A key's secret is kept as an Argon2id PHC string alone.
CREATE TABLE api_keys (
    tenant_id    text NOT NULL REFERENCES tenants,
    id           text NOT NULL CHECK (id ~ '^[0-9A-Za-z]{12}$'),
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    secret_phc   text NOT NULL CHECK (secret_phc LIKE '$argon2id$%'),
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (id)
);

-- 256 random bits are kept as their SHA-256 alone: nobody guesses them, so no slow hash is needed.
CREATE TABLE refresh_tokens (
    tenant_id  text NOT NULL,
    key_id     text NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (tenant_id, token_hash),
    UNIQUE (token_hash),
    FOREIGN KEY (tenant_id, key_id) REFERENCES api_keys (tenant_id, id)
);
CREATE INDEX refresh_tokens_by_key ON refresh_tokens (tenant_id, key_id, expires_at);

-- Signing keys belong to the service, not to a tenant. The private half is sealed under the master key.
CREATE TABLE jwt_keys (
    kid            text PRIMARY KEY,
    algorithm      text NOT NULL CHECK (algorithm = 'ES256'),
    private_sealed bytea NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT now(),
    retired_at     timestamptz
);

-- What operators changed. Nothing but INSERT and SELECT: a trigger refuses the rest.
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

-- Row-level security on every tenant's table, binding its owner too. Operators act as the owner, by a policy of their own.
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON tenants TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON tenants TO verbatim_app USING (id = current_setting('verbatim.tenant', true));
CREATE POLICY every ON tenants TO verbatim_system USING (true);
GRANT SELECT ON tenants TO verbatim_app, verbatim_system;

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON api_keys TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY every ON api_keys TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (last_used_at) ON api_keys TO verbatim_system;

ALTER TABLE refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE refresh_tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON refresh_tokens TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY every ON refresh_tokens TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE, UPDATE (revoked_at) ON refresh_tokens TO verbatim_system;

ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON audit_log TO CURRENT_USER USING (true) WITH CHECK (true);

GRANT SELECT, INSERT ON jwt_keys TO verbatim_system;
