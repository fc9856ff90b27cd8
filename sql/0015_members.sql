-- Members: the people of an account, who sign in with e-mail address and password.

-- `key_id` of jobs, reservations, usage and idempotency keys holds the id of whoever submitted: an API key's or a member's.

CREATE TABLE members (
    tenant_id       text NOT NULL REFERENCES tenants,
    id              text NOT NULL CHECK (id ~ '^mem_[0-9A-HJKMNP-TV-Z]{26}$'),
    email           text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    role            text NOT NULL CHECK (role IN ('owner', 'developer', 'finance', 'viewer')),
    -- Null: the invitation has not been accepted yet.
    password_hash   text CHECK (password_hash LIKE '$argon2id$%'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    last_sign_in_at timestamptz,
    removed_at      timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX members_by_email_and_tenant ON members (tenant_id, lower(email)) WHERE removed_at IS NULL;
-- Who signs in is found by e-mail address alone.
CREATE UNIQUE INDEX members_by_email ON members (lower(email)) WHERE removed_at IS NULL AND password_hash IS NOT NULL;

-- Links that set a password once: invitations and resets. Only a hash of the token is stored.
CREATE TABLE member_links (
    tenant_id  text NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    member_id  text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id)
);
CREATE UNIQUE INDEX member_links_by_token ON member_links (token_hash);
CREATE INDEX member_links_by_expiry ON member_links (expires_at);

-- Sessions of members. Only a hash of the cookie's token is stored.
CREATE TABLE member_sessions (
    tenant_id  text NOT NULL,
    token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
    member_id  text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- The last request, give or take a minute.
    used_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, member_id) REFERENCES members (tenant_id, id)
);
CREATE UNIQUE INDEX member_sessions_by_token ON member_sessions (token_hash);
CREATE INDEX member_sessions_by_use ON member_sessions (used_at);
CREATE INDEX member_sessions_by_member ON member_sessions (tenant_id, member_id, created_at);

ALTER TABLE audit_log ADD COLUMN member_id text;
ALTER TABLE audit_log DROP CONSTRAINT audit_log_author_check;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_author_check CHECK (num_nonnulls(operator, key_id, member_id) = 1);
