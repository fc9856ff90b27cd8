-- What an API key may do. Keys from before may do everything.
ALTER TABLE api_keys ADD COLUMN scopes text[] NOT NULL
    DEFAULT '{jobs:write,jobs:read,jobs:delete,usage:read,webhooks:write,keys:write}';
ALTER TABLE api_keys ALTER COLUMN scopes DROP DEFAULT;
ALTER TABLE api_keys ADD CONSTRAINT api_keys_scopes_check CHECK (
    cardinality(scopes) > 0
    AND scopes <@ ARRAY['jobs:write', 'jobs:read', 'jobs:delete', 'usage:read', 'webhooks:write', 'keys:write']);
-- When the scopes last changed. Every node asks twice a second for the keys that were changed within the life of an access token.
ALTER TABLE api_keys ADD COLUMN changed_at timestamptz;
CREATE INDEX api_keys_by_change ON api_keys (changed_at) WHERE changed_at IS NOT NULL;
