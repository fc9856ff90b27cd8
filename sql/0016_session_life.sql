-- Tenancy: sessions that end in one row, a client that may ask twice for the same rotation, and indexes to sweep and to bound by.

-- A session is a family of tokens, and its first token's row stands for it: `token_hash = family`. It is revoked by that row alone, which is
-- asked for with every token of the family.
ALTER TABLE refresh_tokens
    -- The token that took this one's place, sealed under a key that only this token's holder can derive; for a few seconds after the rotation.
    ADD COLUMN successor bytea,
    -- When a token that took another's place was first used: from then on its holder has it.
    ADD COLUMN used_at timestamptz,
    ADD CONSTRAINT refresh_tokens_successor_check CHECK (successor IS NULL OR rotated_at IS NOT NULL);
GRANT UPDATE (successor, used_at) ON refresh_tokens TO verbatim_system;

-- The live sessions of a key, oldest first: a login counts them, and ends the oldest.
CREATE INDEX refresh_tokens_live ON refresh_tokens (tenant_id, key_id, created_at)
    WHERE token_hash = family AND revoked_at IS NULL;
-- What every node asks twice a second: which sessions have ended since.
CREATE INDEX refresh_tokens_by_revocation ON refresh_tokens (revoked_at)
    WHERE token_hash = family AND revoked_at IS NOT NULL;
-- The members of a family by age, and those of all whose time is over.
DROP INDEX refresh_tokens_by_family;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (tenant_id, family, created_at);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at);
CREATE INDEX refresh_tokens_sealed ON refresh_tokens (rotated_at) WHERE successor IS NOT NULL;
