-- The queue: the tasks that jobs consist of, and which tenant's task is next.

-- A claim gives a task the next number from here. A worker that holds an older number can no longer write.
CREATE SEQUENCE task_fences;

CREATE TABLE tasks (
    tenant_id        text NOT NULL,
    id               bigint GENERATED ALWAYS AS IDENTITY,
    job_id           text NOT NULL,
    kind             text NOT NULL
                     CHECK (kind IN ('fetch', 'prepare', 'recognize', 'diarize', 'assemble', 'clean')),
    -- The chunk of a `recognize` task, the section of a `diarize` task.
    part             integer CHECK (part >= 0),
    -- A `prepare` task of a recording that is longer than ten minutes, or may be.
    is_long          boolean NOT NULL DEFAULT false,
    status           text NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'running', 'done', 'failed', 'cancelled')),
    -- The smaller number goes first.
    priority         smallint NOT NULL,
    -- Claiming this task starts its job, which then counts toward the tenant's concurrency.
    starts_job       boolean NOT NULL DEFAULT false,
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
    CONSTRAINT tasks_is_long_check CHECK (kind = 'prepare' OR NOT is_long),
    CONSTRAINT tasks_lease_check CHECK ((status = 'running') = (lease_until IS NOT NULL))
);
CREATE UNIQUE INDEX tasks_unique ON tasks (tenant_id, job_id, kind, coalesce(part, -1));
CREATE UNIQUE INDEX tasks_by_fence ON tasks (fence) WHERE fence IS NOT NULL;
CREATE INDEX tasks_claimable ON tasks (tenant_id, starts_job, priority, job_id, id) WHERE status = 'ready' AND kind <> 'clean';
-- Clean-up after jobs is claimed without the scheduler.
CREATE INDEX tasks_cleanup_claimable ON tasks (run_after) WHERE status = 'ready' AND kind = 'clean';
CREATE INDEX tasks_by_lease ON tasks (lease_until) WHERE status = 'running';
-- A worker deletes old tasks from time to time.
CREATE INDEX tasks_finished ON tasks (created_at) WHERE status IN ('done', 'failed', 'cancelled');

-- How many jobs of a tenant wait and run, and the number of the last claim that was its own (`scheduler.last_claim`). A claim locks the row,
-- so the concurrency limit holds although claims skip locked tasks.
CREATE TABLE tenant_load (
    tenant_id              text PRIMARY KEY REFERENCES tenants,
    queued_jobs            integer NOT NULL DEFAULT 0 CHECK (queued_jobs >= 0),
    running_jobs           integer NOT NULL DEFAULT 0 CHECK (running_jobs >= 0),
    -- Fetches and preparations of long recordings are scheduled by themselves, all other tasks together.
    last_claim             bigint NOT NULL DEFAULT 0,
    last_fetch_claim       bigint NOT NULL DEFAULT 0,
    last_preparation_claim bigint NOT NULL DEFAULT 0
);
CREATE INDEX tenant_load_with_jobs ON tenant_load (last_claim) WHERE queued_jobs + running_jobs > 0;

-- One row, which a claim locks: claims happen one after the other, however many workers there are.
CREATE TABLE scheduler (
    singleton                   boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    -- The number of the last claim.
    last_claim                  bigint NOT NULL DEFAULT 0,
    -- How often in a row the priority class went first while the other class waited.
    priority_streak             integer NOT NULL DEFAULT 0,
    fetch_priority_streak       integer NOT NULL DEFAULT 0,
    preparation_priority_streak integer NOT NULL DEFAULT 0
);
INSERT INTO scheduler DEFAULT VALUES;
