-- Tenancy: refresh tokens that rotate, keys that replace keys, signing keys that change without logging anyone out.

-- Tokens that came from one login are a family: a rotated token that is used again ends them all (RFC 9700).
ALTER TABLE refresh_tokens ADD COLUMN family bytea;
UPDATE refresh_tokens SET family = token_hash;
ALTER TABLE refresh_tokens ALTER COLUMN family SET NOT NULL;
ALTER TABLE refresh_tokens ADD CONSTRAINT refresh_tokens_family_check CHECK (length(family) = 32);
-- When another token took its place.
ALTER TABLE refresh_tokens ADD COLUMN rotated_at timestamptz;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (tenant_id, family);
GRANT UPDATE (rotated_at) ON refresh_tokens TO verbatim_system;

-- The key that took this one's place. The old one works until its `expires_at`.
ALTER TABLE api_keys ADD COLUMN replaced_by text;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_replaced_by_fkey
    FOREIGN KEY (tenant_id, replaced_by) REFERENCES api_keys (tenant_id, id);
-- What every node asks twice a second: whose tokens count no more, though their hour is not over.
CREATE INDEX api_keys_by_revocation ON api_keys (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX api_keys_by_expiry ON api_keys (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX tenants_suspended ON tenants (id) WHERE status = 'suspended';

-- A new key is published before it signs, so that whoever keeps our key set has seen it; an old one verifies until it retires.
ALTER TABLE jwt_keys ADD COLUMN signs_from timestamptz NOT NULL DEFAULT now();
UPDATE jwt_keys SET signs_from = created_at;
