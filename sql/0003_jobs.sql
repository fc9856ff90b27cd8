-- Jobs: what was asked, the chunks that a recording is cut into, what each one gave, the transcript; and idempotency keys.
-- Samples are those of the decoded audio, 16,000 a second.

CREATE TABLE jobs (
    tenant_id             text NOT NULL REFERENCES tenants,
    id                    text NOT NULL CHECK (id ~ '^job_[0-9A-HJKMNP-TV-Z]{26}$'),
    status                text NOT NULL DEFAULT 'queued'
                          CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    created_at            timestamptz NOT NULL DEFAULT now(),
    started_at            timestamptz,
    -- When the job ended, in whichever way.
    completed_at          timestamptz,
    status_changed_at     timestamptz NOT NULL DEFAULT now(),

    -- What was asked.
    diarize               boolean NOT NULL,
    language_requested    text NOT NULL,
    speakers_expected     smallint CHECK (speakers_expected BETWEEN 1 AND 32),
    -- json returns the text as it came; jsonb would write 1e308 with all its digits.
    metadata              json NOT NULL DEFAULT '{}'
                          CHECK (json_typeof(metadata) = 'object' AND octet_length(metadata::text) <= 4096),
    webhook_url           text,
    max_duration_ms       bigint NOT NULL CHECK (max_duration_ms > 0),

    -- The recording as it came. `source_key` names the object in the storage, which exists until `source_deleted_at`.
    source_type           text NOT NULL CHECK (source_type IN ('upload', 'url')),
    source_name           text,
    source_url            text,
    source_bytes          bigint CHECK (source_bytes >= 0),
    -- The probe's answer; null where no probe asked.
    source_channels       smallint CHECK (source_channels > 0),
    -- The duration that the probe expects; the bill goes by `samples_total`.
    estimated_ms          bigint CHECK (estimated_ms >= 0),
    source_key            text,
    source_deleted_at     timestamptz,
    -- Until then a failed job's recording is kept for an operator's retry.
    source_kept_until     timestamptz,

    -- Progress. Two channels count twice in `samples_to_process`, and diarization counts besides recognition.
    samples_total         bigint CHECK (samples_total >= 0),
    samples_to_process    bigint CHECK (samples_to_process >= 0),
    samples_processed     bigint NOT NULL DEFAULT 0 CHECK (samples_processed >= 0),
    -- How many tasks are unfinished before the transcript can be assembled.
    parts_left            integer CHECK (parts_left >= 0),

    -- The result.
    language              text,
    language_confidence   double precision,
    engine                text,
    -- How speakers are told apart: 'none', 'channels', or the name of the diarization model.
    diarization           text NOT NULL DEFAULT 'none',
    error_code            text,
    error_reason          text,
    error_message         text,

    -- The job that an operator's retry of this failed job created: a job is retried once. Until `retry_lease_until`, which
    -- the operator's command extends while it copies the recording, nobody else may retry it.
    retried_as            text,
    retry_lease_until     timestamptz,

    transcript_deleted_at timestamptz,
    -- The row of a deleted job stays without content, for the ledger.
    deleted_at            timestamptz,

    PRIMARY KEY (tenant_id, id),
    CONSTRAINT jobs_source_check CHECK (deleted_at IS NOT NULL OR (source_type = 'upload') = (source_url IS NULL)),
    CONSTRAINT jobs_completed_at_check CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
    CONSTRAINT jobs_error_check CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CONSTRAINT jobs_progress_check CHECK (samples_processed <= samples_to_process),
    CONSTRAINT jobs_retry_check CHECK (retry_lease_until IS NULL OR retried_as IS NOT NULL),
    CONSTRAINT jobs_deleted_check CHECK (
        deleted_at IS NULL
        OR (completed_at IS NOT NULL AND source_name IS NULL AND source_url IS NULL AND webhook_url IS NULL
            AND metadata::text = '{}'))
);
CREATE INDEX jobs_by_tenant_and_status ON jobs (tenant_id, status, id) WHERE deleted_at IS NULL;
CREATE INDEX jobs_by_status_change ON jobs (tenant_id, status_changed_at);
-- Operators name a job by its id alone. A hash index, because the planner would use an ordered one for a tenant's list and
-- so walk through the jobs of all tenants.
CREATE INDEX jobs_by_id ON jobs USING hash (id);
-- Operators list the newest jobs of all tenants by status.
CREATE INDEX jobs_newest_by_status ON jobs (status, id);
-- What ended in the last hour, and what a month's ledger is compared with.
CREATE INDEX jobs_by_completion ON jobs (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX jobs_by_creation ON jobs (created_at);

-- The chunks cover the whole recording without gap or overlap. Where two channels are recognized separately, the chunks of
-- each channel do. Times in a result count from the chunk's start.
CREATE TABLE chunks (
    tenant_id          text NOT NULL,
    job_id             text NOT NULL,
    chunk              integer NOT NULL CHECK (chunk >= 0),
    -- 0 left, 1 right; null where all channels are recognized as one.
    channel            smallint CHECK (channel IN (0, 1)),
    start_sample       bigint NOT NULL CHECK (start_sample >= 0),
    end_sample         bigint NOT NULL CHECK (end_sample > start_sample),
    -- What the audio holds: the chunk, and some seconds more where no silence allowed a clean cut.
    audio_start_sample bigint NOT NULL,
    audio_end_sample   bigint NOT NULL,
    -- Null where there is no speech to recognize.
    audio_key          text,
    -- Where there is speech, in milliseconds from the start of the audio: start and end of each span. Null: unknown.
    speech             bigint[],
    result             bytea,
    PRIMARY KEY (tenant_id, job_id, chunk),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT chunks_audio_check CHECK (
        audio_start_sample >= 0 AND audio_start_sample <= start_sample AND audio_end_sample >= end_sample)
);

-- The parts of a recording that are diarized separately before their speakers are compared: whole chunks, in a row.
CREATE TABLE sections (
    tenant_id   text NOT NULL,
    job_id      text NOT NULL,
    section     integer NOT NULL CHECK (section >= 0),
    first_chunk integer NOT NULL CHECK (first_chunk >= 0),
    last_chunk  integer NOT NULL,
    result      bytea,
    PRIMARY KEY (tenant_id, job_id, section),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT sections_order_check CHECK (last_chunk >= first_chunk)
);

CREATE TABLE transcripts (
    tenant_id  text NOT NULL,
    job_id     text NOT NULL,
    body       bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE
);

-- A submission that is repeated with the same key gets the first one's response.
CREATE TABLE idempotency_keys (
    tenant_id   text NOT NULL REFERENCES tenants,
    key         text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    -- Who handles the first submission, and until when unless the lease is extended.
    holder      text,
    lease_until timestamptz,
    -- SHA-256 of the request; set together with the response.
    fingerprint bytea CHECK (length(fingerprint) = 32),
    job_id      text,
    response    bytea,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, key),
    CONSTRAINT idempotency_keys_lease_check CHECK ((holder IS NULL) = (lease_until IS NULL)),
    CONSTRAINT idempotency_keys_holder_check CHECK ((response IS NULL) = (holder IS NOT NULL)),
    CONSTRAINT idempotency_keys_response_check CHECK (
        (response IS NULL) = (fingerprint IS NULL) AND (response IS NULL) = (job_id IS NULL))
);
CREATE INDEX idempotency_keys_by_creation ON idempotency_keys (created_at);
-- Deleting a job deletes the key of its submission.
CREATE INDEX idempotency_keys_by_job ON idempotency_keys (tenant_id, job_id) WHERE job_id IS NOT NULL;
