-- What a job grows by is reserved behind all that was admitted before it grew, and what it had keeps its place. So nothing that a month
-- covered when it was reserved is ever overage, whoever grows later.

-- Of one job, in order: the places of its growths in the month's order, their seconds (of the job's `seconds`; the others have the place
-- `admission`), and what the month included then: the quota of the job's admission or that of its growth, whichever was more.
-- Empty of every record there is: those are what they were.
ALTER TABLE reservations
    ADD COLUMN growth_places bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN growth_seconds bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN growth_included_seconds bigint[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT reservations_growth_check CHECK (
        cardinality(growth_places) = cardinality(growth_seconds)
        AND cardinality(growth_places) = cardinality(growth_included_seconds));
ALTER TABLE usage
    ADD COLUMN growth_places bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN growth_seconds bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN growth_included_seconds bigint[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT usage_growth_check CHECK (
        cardinality(growth_places) = cardinality(growth_seconds)
        AND cardinality(growth_places) = cardinality(growth_included_seconds));
GRANT UPDATE (growth_places, growth_seconds, growth_included_seconds) ON reservations TO verbatim_app;
-- A job's place among the admissions no longer changes.
REVOKE UPDATE (admission) ON reservations FROM verbatim_app;
