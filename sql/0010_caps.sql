-- Caps: what the overage of an account's month may cost, and how many minutes of a month an API key may use.

-- Null: no cap by an operator.
ALTER TABLE quota_overrides ADD COLUMN overage_cap_cents bigint CHECK (overage_cap_cents >= 0);

-- What an account's customer has set. The smaller cap of theirs and the operator's applies.
CREATE TABLE account_limits (
    tenant_id         text PRIMARY KEY REFERENCES tenants,
    -- Null: no cap by the customer.
    overage_cap_cents bigint CHECK (overage_cap_cents >= 0),
    -- At which percentages of the included minutes, and of the cap, the customer is told; ascending.
    alert_percents    smallint[] NOT NULL
        CHECK (cardinality(alert_percents) <= 10 AND 1 <= ALL (alert_percents) AND 100 >= ALL (alert_percents))
);

-- What a customer was told of a month, so that they are told once: that a percentage of the included minutes or of the cap was reached, or
-- that a submission exceeded a limit.
CREATE TABLE usage_alerts (
    tenant_id  text NOT NULL,
    month      text NOT NULL,
    alert      text NOT NULL CHECK (alert IN ('threshold_reached', 'limit_reached')),
    limited_by text NOT NULL CHECK (limited_by IN ('monthly_minutes', 'overage_cap', 'key_minutes')),
    -- 0 if a limit was exceeded.
    percent    smallint NOT NULL CHECK (percent BETWEEN 0 AND 100),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, month, alert, limited_by, percent),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month)
);

-- Null: only the account's own limit applies.
ALTER TABLE api_keys ADD COLUMN monthly_minutes integer CHECK (monthly_minutes >= 0);
