-- Billing: what a plan allows. One row a plan; a tenant's own row overrides what it names.
CREATE TABLE plans (
    name                      text PRIMARY KEY CHECK (name IN ('free', 'pro', 'business')),
    max_file_bytes            bigint NOT NULL CHECK (max_file_bytes > 0),
    max_duration_seconds      integer NOT NULL CHECK (max_duration_seconds > 0),
    concurrency               integer NOT NULL CHECK (concurrency > 0),
    monthly_minutes           integer NOT NULL CHECK (monthly_minutes >= 0),
    overage_micros_per_minute bigint CHECK (overage_micros_per_minute >= 0),
    -- Smaller goes first.
    queue_class               smallint NOT NULL CHECK (queue_class IN (0, 1))
);

-- MB and GB are powers of ten; a rate is in millionths of a dollar.
INSERT INTO plans VALUES
    ('free',      100000000,  1800,   2,   120,  NULL, 1),
    ('pro',      2000000000, 36000,  20,  1200, 40000, 1),
    ('business', 5000000000, 36000,  50,  6000, 20000, 0);

ALTER TABLE tenants ADD FOREIGN KEY (plan) REFERENCES plans;

CREATE TABLE quota_overrides (
    tenant_id            text PRIMARY KEY REFERENCES tenants,
    max_file_bytes       bigint CHECK (max_file_bytes > 0),
    max_duration_seconds integer CHECK (max_duration_seconds > 0)
);

ALTER TABLE quota_overrides ENABLE ROW LEVEL SECURITY;
ALTER TABLE quota_overrides FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON quota_overrides TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON quota_overrides TO verbatim_app USING (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT ON quota_overrides TO verbatim_app;
GRANT SELECT ON plans TO verbatim_app, verbatim_system;
