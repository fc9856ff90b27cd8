-- Webhook endpoints that customers manage, several per account, and events that are not about a job.

-- The endpoints that a customer manages have an id and the events that they get. Those that only a job's `webhook_url` names have neither.
ALTER TABLE webhook_endpoints ADD COLUMN id text CHECK (id ~ '^whk_[0-9A-HJKMNP-TV-Z]{26}$');
-- Names such as job.completed, and patterns: usage.*, and * for all.
ALTER TABLE webhook_endpoints ADD COLUMN events text[];
ALTER TABLE webhook_endpoints ADD COLUMN is_enabled boolean NOT NULL DEFAULT true;
-- The `failing_since` of which the account's other endpoints were told.
ALTER TABLE webhook_endpoints ADD COLUMN told_failing_since timestamptz;
-- Default endpoints from before there were other events get those of jobs, as before.
UPDATE webhook_endpoints
SET id = 'whk_0' || upper(substr(encode(sha256(convert_to(tenant_id || ' ' || url, 'UTF8')), 'hex'), 1, 25)), events = '{job.*}'
WHERE is_default;
ALTER TABLE webhook_endpoints ADD CONSTRAINT webhook_endpoints_managed_check CHECK (
    (id IS NULL) = (events IS NULL) AND (id IS NOT NULL OR is_enabled AND NOT is_default)
    AND (events IS NULL OR cardinality(events) BETWEEN 1 AND 20));
CREATE UNIQUE INDEX webhook_endpoints_by_id ON webhook_endpoints (tenant_id, id) WHERE id IS NOT NULL;
-- Which endpoints have begun to fail, of all accounts.
CREATE INDEX webhook_endpoints_failing ON webhook_endpoints (failing_since) WHERE failing_since IS NOT NULL;

-- Each row is one event for one endpoint. `id` names the row; `event_id` is the id that customers see, the same for all endpoints of an event.
-- Null: the same as `id`.
ALTER TABLE webhook_events ADD COLUMN event_id text CHECK (event_id ~ '^evt_[0-9A-HJKMNP-TV-Z]{26}$');
-- The managed endpoint. Null: the job's own `webhook_url`, or else the default endpoint.
ALTER TABLE webhook_events ADD COLUMN endpoint_id text;
-- Null: the event is not about a job.
ALTER TABLE webhook_events ALTER COLUMN job_id DROP NOT NULL;
ALTER TABLE webhook_events ADD CONSTRAINT webhook_events_target_check CHECK (num_nonnulls(job_id, endpoint_id) > 0);
ALTER TABLE webhook_events DROP CONSTRAINT webhook_events_tenant_id_job_id_key;
CREATE UNIQUE INDEX webhook_events_by_job ON webhook_events (tenant_id, job_id, coalesce(endpoint_id, ''));
CREATE INDEX webhook_events_by_endpoint ON webhook_events (tenant_id, endpoint_id, created_at, id) WHERE endpoint_id IS NOT NULL;
ALTER TABLE webhook_events DROP CONSTRAINT webhook_events_event_check;
ALTER TABLE webhook_events ADD CONSTRAINT webhook_events_event_check CHECK (event IN (
    'job.completed', 'job.failed', 'job.cancelled', 'usage.threshold_reached', 'usage.limit_reached', 'key.expiring',
    'webhook.failing'));

-- Of which `expires_at` the account was told.
ALTER TABLE api_keys ADD COLUMN told_expires_at timestamptz;

-- When the secret of the last rotation was made.
ALTER TABLE webhook_secrets ADD COLUMN next_created_at timestamptz;
