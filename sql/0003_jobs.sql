-- Pipeline: jobs, the tasks they are made of, the pieces they are cut into, and what comes out.

CREATE TABLE jobs (
    tenant_id           text NOT NULL REFERENCES tenants,
    id                  text NOT NULL CHECK (id ~ '^job_[0-9A-HJKMNP-TV-Z]{26}$'),
    status              text NOT NULL DEFAULT 'queued'
                        CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    created_at          timestamptz NOT NULL DEFAULT now(),
    started_at          timestamptz,
    completed_at        timestamptz,
    status_changed_at   timestamptz NOT NULL DEFAULT now(),

    -- What was asked.
    diarize             boolean NOT NULL,
    language_requested  text NOT NULL,
    speakers_expected   smallint CHECK (speakers_expected BETWEEN 1 AND 32),
    -- As text, so that it comes back as it came, and as long: jsonb writes 1e308 with all its digits.
    metadata            json NOT NULL DEFAULT '{}' CHECK (json_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 4096),
    max_duration_ms     bigint NOT NULL CHECK (max_duration_ms > 0),

    -- Where it came from. `source_key` is the object in storage, until `source_deleted_at`.
    source_type         text NOT NULL CHECK (source_type IN ('upload', 'url')),
    source_name         text,
    source_url          text,
    source_bytes        bigint CHECK (source_bytes >= 0),
    -- What the probe made expect; what counts is `samples_total`.
    estimated_ms        bigint CHECK (estimated_ms >= 0),
    source_key          text,
    source_deleted_at   timestamptz,

    -- What was found. Samples are of the decoded 16 kHz signal.
    samples_total       bigint CHECK (samples_total >= 0),
    samples_done        bigint NOT NULL DEFAULT 0 CHECK (samples_done >= 0),
    pieces_left         integer CHECK (pieces_left >= 0),
    language            text,
    language_confidence double precision,
    engine              text,
    error_code          text,
    error_reason        text,
    error_message       text,

    PRIMARY KEY (tenant_id, id),
    CHECK ((source_type = 'upload') = (source_url IS NULL)),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
    CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CHECK (samples_done <= samples_total)
);
CREATE INDEX jobs_by_status ON jobs (tenant_id, status, id);
CREATE INDEX jobs_by_change ON jobs (tenant_id, status_changed_at);

-- A claim gives a task a new number from here: whoever holds an older one writes nothing any more.
CREATE SEQUENCE task_fences;

CREATE TABLE tasks (
    tenant_id   text NOT NULL,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    job_id      text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('prepare', 'recognise', 'assemble', 'clean')),
    piece       integer CHECK (piece >= 0),
    status      text NOT NULL DEFAULT 'ready' CHECK (status IN ('ready', 'running', 'done', 'failed', 'cancelled')),
    -- Smaller goes first.
    priority    smallint NOT NULL,
    attempt     integer NOT NULL DEFAULT 0,
    run_after   timestamptz NOT NULL DEFAULT now(),
    fence       bigint,
    worker      text,
    lease_until timestamptz,
    last_error  text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE,
    CHECK ((kind = 'recognise') = (piece IS NOT NULL)),
    CHECK ((status = 'running') = (lease_until IS NOT NULL))
);
CREATE UNIQUE INDEX tasks_once ON tasks (tenant_id, job_id, kind, coalesce(piece, -1));
CREATE INDEX tasks_to_claim ON tasks (priority, job_id, id) WHERE status = 'ready';
CREATE INDEX tasks_to_rescue ON tasks (lease_until) WHERE status = 'running';
CREATE UNIQUE INDEX tasks_by_fence ON tasks (fence) WHERE fence IS NOT NULL;

-- The pieces part the whole source without gap or overlap; times inside a piece count from its start.
CREATE TABLE pieces (
    tenant_id    text NOT NULL,
    job_id       text NOT NULL,
    piece        integer NOT NULL CHECK (piece >= 0),
    start_sample bigint NOT NULL CHECK (start_sample >= 0),
    end_sample   bigint NOT NULL CHECK (end_sample > start_sample),
    -- Null where there is no speech to recognise.
    audio_key    text,
    result       bytea,
    PRIMARY KEY (tenant_id, job_id, piece),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE transcripts (
    tenant_id  text NOT NULL,
    job_id     text NOT NULL,
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON jobs TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON jobs TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT, UPDATE ON jobs TO verbatim_app;

ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasks FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON tasks TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON tasks TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
CREATE POLICY every ON tasks TO verbatim_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON tasks TO verbatim_app;
GRANT SELECT, UPDATE ON tasks TO verbatim_system;
GRANT USAGE ON SEQUENCE task_fences TO verbatim_system;

ALTER TABLE pieces ENABLE ROW LEVEL SECURITY;
ALTER TABLE pieces FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON pieces TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON pieces TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON pieces TO verbatim_app;

ALTER TABLE transcripts ENABLE ROW LEVEL SECURITY;
ALTER TABLE transcripts FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON transcripts TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON transcripts TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT ON transcripts TO verbatim_app;
