-- The queue: the tasks that jobs consist of, and which tenant's task is next.

-- A claim gives a task the next number from here. A worker that holds an older number can no longer write.
CREATE SEQUENCE task_fences;

CREATE TABLE tasks (
    tenant_id        text NOT NULL,
    id               bigint GENERATED ALWAYS AS IDENTITY,
    job_id           text NOT NULL,
    kind             text NOT NULL
                     CHECK (kind IN ('fetch', 'prepare', 'recognize', 'diarize', 'assemble', 'clean')),
    -- The piece of a `recognize` task, the stretch of a `diarize` task.
    part             integer CHECK (part >= 0),
    -- A `prepare` task of a recording that is longer than ten minutes, or may be.
    long             boolean NOT NULL DEFAULT false,
    status           text NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'running', 'done', 'failed', 'cancelled')),
    -- The smaller number goes first.
    priority         smallint NOT NULL,
    -- Claiming this task starts its job, which then counts toward the tenant's concurrency.
    starts           boolean NOT NULL DEFAULT false,
    attempt          integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL DEFAULT now(),
    run_after        timestamptz NOT NULL DEFAULT now(),
    -- How long a task may be put off counts from here: before its first claim it may have waited for days.
    first_claimed_at timestamptz,
    fence            bigint,
    worker           text,
    lease_until      timestamptz,
    last_error       text,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT tasks_part_kind_check CHECK ((kind IN ('recognize', 'diarize')) = (part IS NOT NULL)),
    CONSTRAINT tasks_long_check CHECK (kind = 'prepare' OR NOT long),
    CONSTRAINT tasks_lease_check CHECK ((status = 'running') = (lease_until IS NOT NULL))
);
CREATE UNIQUE INDEX tasks_once ON tasks (tenant_id, job_id, kind, coalesce(part, -1));
CREATE UNIQUE INDEX tasks_by_fence ON tasks (fence) WHERE fence IS NOT NULL;
CREATE INDEX tasks_to_claim ON tasks (tenant_id, starts, priority, job_id, id) WHERE status = 'ready' AND kind <> 'clean';
-- Clean-up after jobs waits for no tenant's turn.
CREATE INDEX chores_to_claim ON tasks (run_after) WHERE status = 'ready' AND kind = 'clean';
CREATE INDEX tasks_to_rescue ON tasks (lease_until) WHERE status = 'running';
-- A worker deletes old tasks from time to time.
CREATE INDEX tasks_finished ON tasks (created_at) WHERE status IN ('done', 'failed', 'cancelled');

-- How many jobs of a tenant wait and run, and when it last had a turn, as a number of `turns.turn`. A claim locks the row,
-- so the concurrency limit holds although claims skip locked tasks.
CREATE TABLE tenant_load (
    tenant_id        text PRIMARY KEY REFERENCES tenants,
    queued_jobs      integer NOT NULL DEFAULT 0 CHECK (queued_jobs >= 0),
    running_jobs     integer NOT NULL DEFAULT 0 CHECK (running_jobs >= 0),
    -- Fetches and preparations of long recordings are scheduled by themselves, all other tasks together.
    last_turn        bigint NOT NULL DEFAULT 0,
    last_fetch       bigint NOT NULL DEFAULT 0,
    last_preparation bigint NOT NULL DEFAULT 0
);
CREATE INDEX tenant_load_open ON tenant_load (last_turn) WHERE queued_jobs + running_jobs > 0;

-- One row, which a claim locks: claims happen one after the other, however many workers there are.
CREATE TABLE turns (
    only_one              boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    -- The number of the last claim.
    turn                  bigint NOT NULL DEFAULT 0,
    -- How often in a row the priority class went first while the other class waited.
    in_a_row              integer NOT NULL DEFAULT 0,
    fetches_in_a_row      integer NOT NULL DEFAULT 0,
    preparations_in_a_row integer NOT NULL DEFAULT 0
);
INSERT INTO turns DEFAULT VALUES;
