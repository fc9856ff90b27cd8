-- What a plan allows, what a month has room for, what is reserved of it, what was used, and what is owed.
-- A month is a UTC calendar month, written YYYY-MM. Usage is in whole seconds of audio, a rate in millionths of a
-- dollar per minute.

CREATE TABLE plans (
    name                      text PRIMARY KEY CHECK (name IN ('free', 'pro', 'business')),
    max_file_bytes            bigint NOT NULL CHECK (max_file_bytes > 0),
    max_duration_seconds      integer NOT NULL CHECK (max_duration_seconds > 0),
    -- How many jobs of a tenant run at once.
    concurrency               integer NOT NULL CHECK (concurrency > 0),
    monthly_minutes           integer NOT NULL CHECK (monthly_minutes >= 0),
    -- Null: the plan has no overage.
    overage_micros_per_minute bigint CHECK (overage_micros_per_minute >= 0),
    -- The smaller class goes first.
    queue_class               smallint NOT NULL CHECK (queue_class IN (0, 1))
);

INSERT INTO plans
    (name, max_file_bytes, max_duration_seconds, concurrency, monthly_minutes, overage_micros_per_minute, queue_class)
VALUES
    ('free',      100000000,  1800,   2,   120,  NULL, 1),
    ('pro',      2000000000, 36000,  20,  1200, 40000, 1),
    ('business', 5000000000, 36000,  50,  6000, 20000, 0);

ALTER TABLE tenants ADD FOREIGN KEY (plan) REFERENCES plans;

-- A tenant's own limits. Null: the plan's limit applies; overage is off and queueing is on unless an operator said otherwise.
CREATE TABLE quota_overrides (
    tenant_id            text PRIMARY KEY REFERENCES tenants,
    max_file_bytes       bigint CHECK (max_file_bytes > 0),
    max_duration_seconds integer CHECK (max_duration_seconds > 0),
    concurrency          integer CHECK (concurrency > 0),
    monthly_minutes      integer CHECK (monthly_minutes >= 0),
    overage_enabled      boolean,
    queueing_enabled     boolean
);

-- One row per tenant and month. Every admission, settlement and release locks it, so that no number of simultaneous
-- submissions oversells a month. Its sums equal those of `usage` and `reservations`; `verbatim-admin usage verify` checks that.
CREATE TABLE usage_months (
    tenant_id        text NOT NULL REFERENCES tenants,
    month            text NOT NULL CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'),
    used_seconds     bigint NOT NULL DEFAULT 0 CHECK (used_seconds >= 0),
    reserved_seconds bigint NOT NULL DEFAULT 0 CHECK (reserved_seconds >= 0),
    -- How many jobs were admitted, which is the number of the last one.
    admissions       bigint NOT NULL DEFAULT 0 CHECK (admissions >= 0),
    closed_at        timestamptz,
    PRIMARY KEY (tenant_id, month)
);

-- What an unfinished job holds of its month. It becomes one row of `usage`, or nothing.
CREATE TABLE reservations (
    tenant_id               text NOT NULL,
    job_id                  text NOT NULL,
    month                   text NOT NULL,
    -- The job's place in the month's order of admission. Earlier jobs use the included minutes first.
    admission               bigint NOT NULL,
    seconds                 bigint NOT NULL CHECK (seconds >= 0),
    -- The terms at admission: the plan, the seconds that it includes, and whether more is billed and at which rate.
    plan                    text NOT NULL,
    included_seconds        bigint NOT NULL CHECK (included_seconds >= 0),
    accept_overage          boolean NOT NULL,
    rate_micros_per_minute  bigint CHECK (rate_micros_per_minute >= 0),
    admitted_at             timestamptz NOT NULL,
    -- A job that is longer than it claimed reserves the difference behind everything that was admitted meanwhile,
    -- so that nothing which the month covered when it was reserved becomes overage. Per such growth, in order: its place,
    -- its seconds (a part of `seconds`; the rest has the place `admission`), and what the month included then (at the job's
    -- admission or at the growth, whichever was more).
    growth_places           bigint[] NOT NULL DEFAULT '{}',
    growth_seconds          bigint[] NOT NULL DEFAULT '{}',
    growth_included_seconds bigint[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, job_id),
    UNIQUE (tenant_id, month, admission),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month),
    CONSTRAINT reservations_rate_check CHECK (NOT accept_overage OR rate_micros_per_minute IS NOT NULL),
    CONSTRAINT reservations_growth_check CHECK (
        cardinality(growth_places) = cardinality(growth_seconds)
        AND cardinality(growth_places) = cardinality(growth_included_seconds))
);

-- The ledger: what completed jobs used, one row per job, kept when the job is deleted. Append-only.
CREATE TABLE usage (
    tenant_id               text NOT NULL,
    month                   text NOT NULL,
    admission               bigint NOT NULL,
    job_id                  text NOT NULL UNIQUE,
    seconds                 bigint NOT NULL CHECK (seconds >= 0),
    -- As in `reservations`.
    plan                    text NOT NULL,
    included_seconds        bigint NOT NULL CHECK (included_seconds >= 0),
    accept_overage          boolean NOT NULL,
    rate_micros_per_minute  bigint CHECK (rate_micros_per_minute >= 0),
    admitted_at             timestamptz NOT NULL,
    growth_places           bigint[] NOT NULL DEFAULT '{}',
    growth_seconds          bigint[] NOT NULL DEFAULT '{}',
    growth_included_seconds bigint[] NOT NULL DEFAULT '{}',
    settled_at              timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, month, admission),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month),
    CONSTRAINT usage_rate_check CHECK (NOT accept_overage OR rate_micros_per_minute IS NOT NULL),
    CONSTRAINT usage_growth_check CHECK (
        cardinality(growth_places) = cardinality(growth_seconds)
        AND cardinality(growth_places) = cardinality(growth_included_seconds))
);
-- Closing a month reads the records of all tenants.
CREATE INDEX usage_by_month ON usage (month, tenant_id, admission);

-- Corrections by an operator: a positive amount is owed, a negative one is given back. Append-only.
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

-- The statements of closed months, one line per rate. Append-only.
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
    CONSTRAINT statement_lines_total_check CHECK (total_cents = amount_cents + adjustments_cents)
);

-- The names of deleted tenants, for their statements. Only operators read them.
CREATE TABLE deleted_tenant_names (
    tenant_id text PRIMARY KEY REFERENCES tenants,
    name      text NOT NULL CHECK (length(name) BETWEEN 1 AND 200)
);

CREATE TRIGGER usage_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON usage
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER adjustments_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER statement_lines_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_lines
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A closed month takes no reservation, usage, adjustment or statement line any more, and it stays closed. The month's row
-- is locked for this check, so that nothing gets in while the month is being closed.
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
