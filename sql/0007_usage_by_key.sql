-- Who used it: which API key submitted a job, and the sums of a month's usage by day, by key and by members of the jobs' metadata.

-- Null: the job was submitted before keys were recorded. Keys may be gone, so nothing refers to them.
ALTER TABLE jobs ADD COLUMN key_id text;
ALTER TABLE reservations ADD COLUMN key_id text;
ALTER TABLE usage ADD COLUMN key_id text;
ALTER TABLE idempotency_keys ADD COLUMN key_id text;

-- The sums of a month's ledger, so that usage can be grouped without reading each record. A month's places (`admission`, `growth_places`) are
-- divided into blocks of 1,024. Each row has the sums of one block's shares that have the same terms and the same value in one dimension:
--     day             the day of the job's admission (UTC): 2026-11-05
--     key             the API key; empty if it is unknown
--     metadata.NAME   a member of the job's metadata. A deleted job has none
-- Only the block in which the month's used seconds pass the included ones must be read record by record to tell what is overage.
CREATE TABLE usage_sums (
    tenant_id              text NOT NULL,
    month                  text NOT NULL,
    dimension              text NOT NULL,
    value                  text NOT NULL,
    block                  bigint NOT NULL CHECK (block >= 0),
    included_seconds       bigint NOT NULL,
    accept_overage         boolean NOT NULL,
    -- 0 if the plan sold no overage.
    rate_micros_per_minute bigint NOT NULL,
    plan                   text NOT NULL,
    -- How many records have their first share here.
    jobs                   bigint NOT NULL CHECK (jobs >= 0),
    seconds                bigint NOT NULL CHECK (seconds >= 0),
    -- The last place that has seconds; 0 if none has.
    last_place             bigint NOT NULL CHECK (last_place >= 0),
    PRIMARY KEY (tenant_id, month, dimension, value, block, included_seconds, accept_overage, rate_micros_per_minute, plan),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month)
);

-- Which record has an increase at a place: an index of `usage.growth_places`.
CREATE TABLE usage_increases (
    tenant_id text NOT NULL,
    month     text NOT NULL,
    place     bigint NOT NULL,
    admission bigint NOT NULL,
    PRIMARY KEY (tenant_id, month, place),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month)
);

-- The sums by day and key, and the places of increases, of what a statement adds to the ledger. A job's metadata is JSON that PostgreSQL cannot
-- always split, so the service adds the sums by metadata.
CREATE FUNCTION sum_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_increases (tenant_id, month, place, admission)
    SELECT u.tenant_id, u.month, p.place, u.admission FROM added u CROSS JOIN unnest(u.growth_places) p (place);

    INSERT INTO usage_sums
    SELECT u.tenant_id, u.month, d.dimension, d.value, s.place / 1024, s.included_seconds, u.accept_overage,
        coalesce(u.rate_micros_per_minute, 0), u.plan, count(*) FILTER (WHERE s.place = u.admission), sum(s.seconds),
        coalesce(max(s.place) FILTER (WHERE s.seconds > 0), 0)
    FROM added u
    CROSS JOIN LATERAL (
        SELECT u.admission AS place,
            u.seconds - (SELECT coalesce(sum(g), 0) FROM unnest(u.growth_seconds) g) AS seconds, u.included_seconds
        UNION ALL
        SELECT * FROM unnest(u.growth_places, u.growth_seconds, u.growth_included_seconds)
    ) s
    CROSS JOIN LATERAL (
        VALUES ('day', to_char(u.admitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')), ('key', coalesce(u.key_id, ''))
    ) d (dimension, value)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
    ON CONFLICT (
        tenant_id, month, dimension, value, block, included_seconds, accept_overage, rate_micros_per_minute, plan)
    DO UPDATE SET jobs = usage_sums.jobs + EXCLUDED.jobs, seconds = usage_sums.seconds + EXCLUDED.seconds,
        last_place = greatest(usage_sums.last_place, EXCLUDED.last_place);
    RETURN NULL;
END
$$;

-- Records from before: the trigger sums them as if they were added now.
CREATE TEMPORARY TABLE added_before (LIKE usage) ON COMMIT DROP;
CREATE TRIGGER added_before_is_summed AFTER INSERT ON added_before REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION sum_usage();
INSERT INTO added_before TABLE usage;

CREATE TRIGGER usage_is_summed AFTER INSERT ON usage REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION sum_usage();
