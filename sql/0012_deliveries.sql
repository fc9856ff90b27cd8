-- Pipeline: deliveries at any size. What is due is known without looking at what only waits; endpoints on one host are judged together.

-- `due`: its time has come, or needs none; who claims sets it. `abandoned`: its address was removed while it was being sent, so that
-- it is given up unless that try is acknowledged. `origin`: scheme, host and port.
ALTER TABLE webhook_events
    ADD COLUMN due boolean NOT NULL DEFAULT true,
    ADD COLUMN abandoned boolean NOT NULL DEFAULT false,
    ADD COLUMN origin text NOT NULL
        GENERATED ALWAYS AS (coalesce(lower(substring(url from '^[^:/?#]+://[^/?#]*')), url)) STORED;
ALTER TABLE webhook_endpoints ADD COLUMN origin text NOT NULL
    GENERATED ALWAYS AS (coalesce(lower(substring(url from '^[^:/?#]+://[^/?#]*')), url)) STORED;
UPDATE webhook_events SET due = false WHERE status = 'pending' AND next_try > now();

DROP INDEX webhook_events_due;
CREATE INDEX webhook_events_due ON webhook_events (tenant_id, origin, next_try) WHERE status = 'pending' AND due;
CREATE INDEX webhook_events_to_come ON webhook_events (next_try) WHERE status = 'pending' AND NOT due;
DROP INDEX webhook_events_sending;
CREATE INDEX webhook_events_sending ON webhook_events (tenant_id, origin) WHERE status = 'sending';
DROP INDEX webhook_events_by_age;
CREATE INDEX webhook_events_by_age ON webhook_events (tenant_id, created_at, id);
-- Whether anything was ever told at an address: asked when one is forgotten.
CREATE INDEX webhook_events_by_url ON webhook_events (tenant_id, url);
CREATE INDEX webhook_endpoints_by_origin ON webhook_endpoints (tenant_id, origin);
CREATE INDEX webhook_attempts_by_time ON webhook_attempts (tenant_id, at DESC, event_id DESC, number DESC);
-- What a deleted job's customer called its submission.
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (tenant_id, job_id) WHERE job_id IS NOT NULL;

-- Hosts whose last try failed: they have slots of their own.
CREATE TABLE webhook_failing_origins (
    tenant_id text NOT NULL REFERENCES tenants,
    origin    text NOT NULL,
    PRIMARY KEY (tenant_id, origin)
);
INSERT INTO webhook_failing_origins (tenant_id, origin)
SELECT DISTINCT e.tenant_id, e.origin FROM webhook_endpoints e
WHERE e.failures_from IS NOT NULL AND EXISTS (
    SELECT FROM webhook_events v
    WHERE v.tenant_id = e.tenant_id AND v.url = e.url AND v.status IN ('pending', 'sending'));

ALTER TABLE webhook_failing_origins ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_failing_origins FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON webhook_failing_origins TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON webhook_failing_origins TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
CREATE POLICY every ON webhook_failing_origins TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON webhook_failing_origins TO verbatim_app;
GRANT SELECT, INSERT, DELETE ON webhook_failing_origins TO verbatim_system;
