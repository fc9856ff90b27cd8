-- Who used it on which day: the sums of a month's usage by key and by members of the metadata are now kept for each day, too.

ALTER TABLE usage_sums ADD COLUMN day text NOT NULL DEFAULT '2000-01-01' CHECK (day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$');
ALTER TABLE usage_sums ALTER COLUMN day DROP DEFAULT;
ALTER TABLE usage_sums DROP CONSTRAINT usage_sums_pkey;
ALTER TABLE usage_sums ADD PRIMARY KEY (
    tenant_id, month, dimension, value, day, block, included_seconds, accept_overage, rate_micros_per_minute, plan);

-- As in 0007, with the day of the job's admission (UTC) in every row.
CREATE OR REPLACE FUNCTION sum_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO usage_increases (tenant_id, month, place, admission)
    SELECT u.tenant_id, u.month, p.place, u.admission FROM added u CROSS JOIN unnest(u.growth_places) p (place);

    INSERT INTO usage_sums (tenant_id, month, dimension, value, day, block, included_seconds, accept_overage,
        rate_micros_per_minute, plan, jobs, seconds, last_place)
    SELECT u.tenant_id, u.month, d.dimension, d.value, t.day, s.place / 1024, s.included_seconds, u.accept_overage,
        coalesce(u.rate_micros_per_minute, 0), u.plan, count(*) FILTER (WHERE s.place = u.admission), sum(s.seconds),
        coalesce(max(s.place) FILTER (WHERE s.seconds > 0), 0)
    FROM added u
    CROSS JOIN LATERAL (
        SELECT u.admission AS place,
            u.seconds - (SELECT coalesce(sum(g), 0) FROM unnest(u.growth_seconds) g) AS seconds, u.included_seconds
        UNION ALL
        SELECT * FROM unnest(u.growth_places, u.growth_seconds, u.growth_included_seconds)
    ) s
    CROSS JOIN LATERAL (SELECT to_char(u.admitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day) t
    CROSS JOIN LATERAL (VALUES ('day', t.day), ('key', coalesce(u.key_id, ''))) d (dimension, value)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
    ON CONFLICT (
        tenant_id, month, dimension, value, day, block, included_seconds, accept_overage, rate_micros_per_minute, plan)
    DO UPDATE SET jobs = usage_sums.jobs + EXCLUDED.jobs, seconds = usage_sums.seconds + EXCLUDED.seconds,
        last_place = greatest(usage_sums.last_place, EXCLUDED.last_place);
    RETURN NULL;
END
$$;

-- The sums of records from before cannot be divided into days, so they are made again: first those by day and key, by the trigger.
DELETE FROM usage_sums;
DELETE FROM usage_increases;
CREATE TEMPORARY TABLE added_before (LIKE usage) ON COMMIT DROP;
CREATE TRIGGER added_before_is_summed AFTER INSERT ON added_before REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION sum_usage();
INSERT INTO added_before TABLE usage;

-- Then those by metadata. PostgreSQL cannot read metadata with some escapes that JSON allows (\u0000); such a job is then in no group.
CREATE FUNCTION pg_temp.counted_members(metadata json) RETURNS TABLE (dimension text, value text) LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
    SELECT 'metadata.' || m.key, m.label
    FROM (
        SELECT e.key, min(e.n) AS n, (array_agg(e.value #>> '{}' ORDER BY e.n DESC))[1] AS label,
            (array_agg(json_typeof(e.value) ORDER BY e.n DESC))[1] AS type
        FROM json_each(metadata) WITH ORDINALITY e (key, value, n) GROUP BY e.key
    ) m
    WHERE m.type IN ('string', 'number', 'boolean') AND length(m.key) BETWEEN 1 AND 100 AND octet_length(m.label) <= 256
    ORDER BY m.n LIMIT 20;
EXCEPTION WHEN OTHERS THEN
    RETURN;
END
$$;

INSERT INTO usage_sums (tenant_id, month, dimension, value, day, block, included_seconds, accept_overage,
    rate_micros_per_minute, plan, jobs, seconds, last_place)
SELECT u.tenant_id, u.month, d.dimension, d.value, to_char(u.admitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD'), s.place / 1024,
    s.included_seconds, u.accept_overage, coalesce(u.rate_micros_per_minute, 0), u.plan,
    count(*) FILTER (WHERE s.place = u.admission), sum(s.seconds), coalesce(max(s.place) FILTER (WHERE s.seconds > 0), 0)
FROM usage u
JOIN jobs j ON j.tenant_id = u.tenant_id AND j.id = u.job_id AND j.metadata::text <> '{}'
CROSS JOIN LATERAL pg_temp.counted_members(j.metadata) d
CROSS JOIN LATERAL (
    SELECT u.admission AS place,
        u.seconds - (SELECT coalesce(sum(g), 0) FROM unnest(u.growth_seconds) g) AS seconds, u.included_seconds
    UNION ALL
    SELECT * FROM unnest(u.growth_places, u.growth_seconds, u.growth_included_seconds)
) s
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
DROP FUNCTION pg_temp.counted_members(json);
