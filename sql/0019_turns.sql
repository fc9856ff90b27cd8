-- The order in which accounts get free slots, without a lock for everybody and without looking at every account.
--
-- The tables `scheduler` and the columns `last_…` of `tenant_load` are not used any more. A later migration drops them: nodes of the version
-- before this one need them while they are being replaced.

-- The kind of slot that a task needs; NULL for a clean-up, which takes no turn.
CREATE FUNCTION slot_kind(kind text, is_long boolean) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN kind = 'fetch' THEN 'fetches' WHEN is_long THEN 'preparations' WHEN kind <> 'clean' THEN 'engines' END
$$;

-- Whether the task only asks an external engine whether it is done. That needs neither a turn nor a slot of an engine here.
ALTER TABLE tasks ADD COLUMN is_poll boolean NOT NULL DEFAULT false, ADD CONSTRAINT tasks_is_poll_check CHECK (kind = 'recognize' OR NOT is_poll);
CREATE INDEX tasks_to_poll ON tasks (run_after) WHERE status = 'ready' AND is_poll;

-- The first task of an account for a kind of slot.
CREATE INDEX tasks_by_slot_kind ON tasks (tenant_id, slot_kind(kind, is_long), priority, starts_job, job_id, id)
    WHERE status = 'ready' AND kind <> 'clean' AND NOT is_poll;

-- A turn takes the next number.
CREATE SEQUENCE turn_numbers;

-- One row for each account, kind of slot and class. Turns go to the rows with work, in the order of their last turns.
CREATE TABLE tenant_turns (
    tenant_id text NOT NULL REFERENCES tenants,
    slot_kind text NOT NULL CHECK (slot_kind IN ('engines', 'fetches', 'preparations')),
    priority  smallint NOT NULL CHECK (priority IN (0, 1)),
    -- The number of its last turn. Whoever had no work for a while enters before all others, see `turn_front`.
    last_turn bigint NOT NULL,
    -- Of those that entered at the same place, the one that came first is next.
    entered   bigint NOT NULL DEFAULT nextval('turn_numbers'),
    -- Whether a task may be claimable. True as soon as one is; claims that find none set it to false.
    has_work  boolean NOT NULL,
    -- Without work: when a task that was put off may be claimed.
    look_at   timestamptz CHECK (NOT has_work OR look_at IS NULL),
    PRIMARY KEY (tenant_id, slot_kind, priority)
) WITH (fillfactor = 50);
CREATE INDEX tenant_turns_in_order ON tenant_turns (slot_kind, priority, last_turn, entered) WHERE has_work;
CREATE INDEX tenant_turns_to_look_at ON tenant_turns (look_at) WHERE NOT has_work AND look_at IS NOT NULL;

-- Where the order of each kind of slot and class begins: no row with work has a smaller `last_turn`. A turn leaves a dead entry in the index, and
-- while some transaction is old, looks from the very beginning would walk over all of them. Sequences, because a sequence has no old versions.
CREATE SEQUENCE engines_priority_front MINVALUE 0;
CREATE SEQUENCE engines_normal_front MINVALUE 0;
CREATE SEQUENCE fetches_priority_front MINVALUE 0;
CREATE SEQUENCE fetches_normal_front MINVALUE 0;
CREATE SEQUENCE preparations_priority_front MINVALUE 0;
CREATE SEQUENCE preparations_normal_front MINVALUE 0;

-- When a worker last looked for rows behind the front, in seconds since 1970: one worker does it every two seconds, however many there are.
CREATE SEQUENCE turns_tended_at MINVALUE 0;

CREATE FUNCTION turn_front(slot_kind text, priority smallint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(pg_sequence_last_value(
        (slot_kind || CASE priority WHEN 0 THEN '_priority_front' ELSE '_normal_front' END)::regclass), 0)
$$;

-- Gives an account a place in the order when one of its tasks becomes ready. It runs at the end of the transaction. The share lock keeps a claim
-- that found no task from writing that there is no work, see `TenantTurns.clear`; it waits for nobody else.
CREATE FUNCTION offer_task() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted text := slot_kind(NEW.kind, NEW.is_long);
BEGIN
    LOOP
        PERFORM FROM tenant_turns
        WHERE tenant_id = NEW.tenant_id AND slot_kind = wanted AND priority = NEW.priority FOR KEY SHARE;
        IF FOUND THEN
            -- A statement of its own: of a row that others lock and change at the same time, locking may return an old version.
            UPDATE tenant_turns
            SET has_work = true, look_at = NULL, entered = DEFAULT, last_turn = greatest(last_turn, turn_front(slot_kind, priority))
            WHERE tenant_id = NEW.tenant_id AND slot_kind = wanted AND priority = NEW.priority AND NOT has_work;
            RETURN NULL;
        END IF;
        INSERT INTO tenant_turns (tenant_id, slot_kind, priority, last_turn, has_work)
        VALUES (NEW.tenant_id, wanted, NEW.priority, turn_front(wanted, NEW.priority), true)
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            RETURN NULL;
        END IF;
    END LOOP;
END
$$;
CREATE CONSTRAINT TRIGGER ready_tasks_are_offered AFTER INSERT OR UPDATE OF status, is_long, is_poll, priority, run_after ON tasks
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'ready' AND NEW.kind <> 'clean' AND NOT NEW.is_poll) EXECUTE FUNCTION offer_task();

-- The same for all rows of an account, because jobs that wait for their account may start now. Claims that find nothing put that right.
CREATE FUNCTION offer_jobs(tenant text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM tenant_turns WHERE tenant_id = tenant ORDER BY slot_kind, priority FOR KEY SHARE;
    UPDATE tenant_turns
    SET has_work = true, look_at = NULL, entered = DEFAULT, last_turn = greatest(last_turn, turn_front(slot_kind, priority))
    WHERE tenant_id = tenant AND NOT has_work;
END
$$;

CREATE FUNCTION offer_jobs_after_an_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offer_jobs(NEW.tenant_id);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER a_job_ends_and_another_may_start AFTER UPDATE OF running_jobs ON tenant_load
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.running_jobs < OLD.running_jobs AND NEW.queued_jobs > 0)
    EXECUTE FUNCTION offer_jobs_after_an_end();

CREATE FUNCTION offer_jobs_of_an_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offer_jobs(NEW.id);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER an_account_changes_and_jobs_may_start AFTER UPDATE OF status, plan ON tenants
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'active') EXECUTE FUNCTION offer_jobs_of_an_account();

CREATE FUNCTION offer_jobs_within_limits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offer_jobs(CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER limits_change_and_jobs_may_start AFTER INSERT OR UPDATE OR DELETE ON quota_overrides
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION offer_jobs_within_limits();

CREATE FUNCTION offer_jobs_of_a_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM offer_jobs(id) FROM (
        SELECT t.id FROM tenants t JOIN tenant_load l ON l.tenant_id = t.id
        WHERE t.plan = NEW.name AND l.queued_jobs > 0 ORDER BY t.id) waiting;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER a_plan_changes_and_jobs_may_start AFTER UPDATE OF concurrency ON plans
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION offer_jobs_of_a_plan();

INSERT INTO tenant_turns (tenant_id, slot_kind, priority, last_turn, has_work)
SELECT DISTINCT tenant_id, slot_kind(kind, is_long), priority, 0, true FROM tasks WHERE status = 'ready' AND kind <> 'clean';
