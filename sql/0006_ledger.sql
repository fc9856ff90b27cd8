-- Billing: what a month has room for, what is reserved of it, what was used, and what is owed. A month is a UTC calendar month,
-- written YYYY-MM. Time is in whole seconds of source audio, a rate in micro-dollars a minute.

-- A tenant's own limits, complete. Null: as the plan says; overage is off and queueing on where nobody said otherwise.
ALTER TABLE quota_overrides ADD COLUMN monthly_minutes integer CHECK (monthly_minutes >= 0);
ALTER TABLE quota_overrides ADD COLUMN concurrency integer CHECK (concurrency > 0);
ALTER TABLE quota_overrides ADD COLUMN overage_enabled boolean;
ALTER TABLE quota_overrides ADD COLUMN queueing_enabled boolean;

-- One row a tenant and month, which every admission, settlement and release locks: so no number of simultaneous submissions
-- oversells a month. Its sums are those of `usage` and `reservations`; `verbatim-admin usage verify` recomputes them.
CREATE TABLE usage_months (
    tenant_id        text NOT NULL REFERENCES tenants,
    month            text NOT NULL CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    used_seconds     bigint NOT NULL DEFAULT 0 CHECK (used_seconds >= 0),
    reserved_seconds bigint NOT NULL DEFAULT 0 CHECK (reserved_seconds >= 0),
    -- How many jobs were admitted: the number of the last one.
    admissions       bigint NOT NULL DEFAULT 0 CHECK (admissions >= 0),
    closed_at        timestamptz,
    PRIMARY KEY (tenant_id, month)
);

-- What an unfinished job holds of its month. It ends as one row of `usage` or as nothing.
CREATE TABLE reservations (
    tenant_id              text NOT NULL,
    job_id                 text NOT NULL,
    month                  text NOT NULL,
    -- Its place in the month's order of admission.
    admission              bigint NOT NULL,
    seconds                bigint NOT NULL CHECK (seconds >= 0),
    -- What was agreed on at admission: the plan, the seconds that it includes, and whether more is billed and at what rate.
    plan                   text NOT NULL,
    included_seconds       bigint NOT NULL CHECK (included_seconds >= 0),
    accept_overage         boolean NOT NULL,
    rate_micros_per_minute bigint CHECK (rate_micros_per_minute >= 0),
    admitted_at            timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, job_id),
    UNIQUE (tenant_id, month, admission),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month),
    CHECK (NOT accept_overage OR rate_micros_per_minute IS NOT NULL)
);

-- The ledger: what completed jobs used. Append-only; a job stands in it once, also when the job itself is deleted later.
CREATE TABLE usage (
    tenant_id              text NOT NULL,
    month                  text NOT NULL,
    admission              bigint NOT NULL,
    job_id                 text NOT NULL UNIQUE,
    seconds                bigint NOT NULL CHECK (seconds >= 0),
    plan                   text NOT NULL,
    included_seconds       bigint NOT NULL CHECK (included_seconds >= 0),
    accept_overage         boolean NOT NULL,
    rate_micros_per_minute bigint CHECK (rate_micros_per_minute >= 0),
    admitted_at            timestamptz NOT NULL,
    settled_at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, month, admission),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month),
    CHECK (NOT accept_overage OR rate_micros_per_minute IS NOT NULL)
);
-- What the month's end goes through: all tenants' records of one month.
CREATE INDEX usage_by_month ON usage (month, tenant_id, admission);

-- Corrections by an operator: positive is owed, negative is given back. Append-only.
CREATE TABLE adjustments (
    tenant_id    text NOT NULL,
    month        text NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    amount_cents bigint NOT NULL CHECK (amount_cents <> 0),
    reason       text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    author       text NOT NULL CHECK (author <> ''),
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month)
);
CREATE INDEX adjustments_by_month ON adjustments (tenant_id, month);

-- The statements of closed months, line by line: a line a rate. Append-only.
CREATE TABLE statement_lines (
    tenant_id              text NOT NULL,
    month                  text NOT NULL,
    line                   smallint NOT NULL CHECK (line > 0),
    plan                   text NOT NULL,
    included_minutes       bigint NOT NULL CHECK (included_minutes >= 0),
    used_seconds           bigint NOT NULL CHECK (used_seconds >= 0),
    overage_seconds        bigint NOT NULL CHECK (overage_seconds >= 0),
    rate_micros_per_minute bigint CHECK (rate_micros_per_minute >= 0),
    amount_cents           bigint NOT NULL,
    adjustments_cents      bigint NOT NULL,
    total_cents            bigint NOT NULL,
    PRIMARY KEY (tenant_id, month, line),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month),
    CHECK (total_cents = amount_cents + adjustments_cents)
);

CREATE TRIGGER usage_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER adjustments_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_lines_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A closed month takes nothing any more: no reservation, no usage, no adjustment, no line; and it stays closed.
-- The month is locked for that look, so that nothing slips in beside a closing that is under way.
CREATE FUNCTION refuse_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closed timestamptz;
BEGIN
    SELECT m.closed_at INTO closed FROM usage_months m
        WHERE m.tenant_id = NEW.tenant_id AND m.month = NEW.month FOR SHARE;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION 'the month % is closed', NEW.month USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER no_reservation_in_closed_month BEFORE INSERT OR UPDATE ON reservations
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();
CREATE TRIGGER no_usage_in_closed_month BEFORE INSERT ON usage
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();
CREATE TRIGGER no_adjustment_in_closed_month BEFORE INSERT ON adjustments
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();
CREATE TRIGGER no_statement_line_in_closed_month BEFORE INSERT ON statement_lines
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();

CREATE FUNCTION refuse_change_of_closed_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'the month % is closed', OLD.month USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER closed_months_do_not_change BEFORE UPDATE OR DELETE ON usage_months
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_closed_month();

ALTER TABLE usage_months ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_months FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON usage_months TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON usage_months TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT, UPDATE (used_seconds, reserved_seconds, admissions) ON usage_months TO verbatim_app;

ALTER TABLE reservations ENABLE ROW LEVEL SECURITY;
ALTER TABLE reservations FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON reservations TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON reservations TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT, DELETE, UPDATE (seconds) ON reservations TO verbatim_app;

ALTER TABLE usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON usage TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON usage TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT ON usage TO verbatim_app;

ALTER TABLE adjustments ENABLE ROW LEVEL SECURITY;
ALTER TABLE adjustments FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON adjustments TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON adjustments TO verbatim_app USING (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT ON adjustments TO verbatim_app;

ALTER TABLE statement_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE statement_lines FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON statement_lines TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON statement_lines TO verbatim_app USING (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT ON statement_lines TO verbatim_app;

-- What is in the database already: every job gets its place, in the order of their ids, which is that of their submission.
INSERT INTO usage_months (tenant_id, month, admissions)
    SELECT tenant_id, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM'), count(*) FROM jobs GROUP BY 1, 2;
WITH placed AS (
    SELECT j.*, to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, t.plan, p.monthly_minutes::bigint * 60 AS included,
        row_number() OVER (PARTITION BY j.tenant_id, to_char(j.created_at AT TIME ZONE 'UTC', 'YYYY-MM') ORDER BY j.id) AS place
    FROM jobs j JOIN tenants t ON t.id = j.tenant_id JOIN plans p ON p.name = t.plan
), settled AS (
    INSERT INTO usage (tenant_id, month, admission, job_id, seconds, plan, included_seconds, accept_overage, admitted_at, settled_at)
        SELECT tenant_id, month, place, id, (samples_total + 15999) / 16000, plan, included, false, created_at, completed_at
        FROM placed WHERE status = 'completed' AND samples_total IS NOT NULL
), held AS (
    INSERT INTO reservations (tenant_id, job_id, month, admission, seconds, plan, included_seconds, accept_overage, admitted_at)
        SELECT tenant_id, id, month, place, coalesce((estimated_ms + 999) / 1000, 0), plan, included, false, created_at
        FROM placed WHERE status IN ('queued', 'processing')
)
SELECT;
UPDATE usage_months m SET
    used_seconds = (SELECT coalesce(sum(seconds), 0) FROM usage u WHERE u.tenant_id = m.tenant_id AND u.month = m.month),
    reserved_seconds = (SELECT coalesce(sum(seconds), 0) FROM reservations r WHERE r.tenant_id = m.tenant_id AND r.month = m.month);
