-- The schema that all migrations together create, written by scripts/lib/schema-sql. For reading only; nothing runs it. The migrations
-- say why things are so, and rights.sql says who may read and write what.

CREATE TABLE tenants (
    id         text NOT NULL,
    name       text NOT NULL,
    plan       text NOT NULL,
    status     text NOT NULL DEFAULT 'active'::text,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT tenants_pkey PRIMARY KEY (id),
    CONSTRAINT tenants_plan_fkey FOREIGN KEY (plan) REFERENCES plans(name),
    CONSTRAINT tenants_id_check CHECK (id ~ '^ten_[0-9A-HJKMNP-TV-Z]{26}$'::text),
    CONSTRAINT tenants_name_check CHECK (length(name) >= 1 AND length(name) <= 200),
    CONSTRAINT tenants_status_check CHECK (status = ANY (ARRAY['active'::text, 'suspended'::text, 'deleted'::text]))
);
CREATE INDEX tenants_suspended ON tenants USING btree (id) WHERE status = 'suspended'::text;
CREATE CONSTRAINT TRIGGER an_account_changes_and_jobs_may_start AFTER UPDATE OF status, plan ON tenants DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.status = 'active'::text) EXECUTE FUNCTION offer_jobs_of_an_account();

CREATE TABLE api_keys (
    tenant_id         text NOT NULL,
    id                text NOT NULL,
    name              text NOT NULL,
    secret_hash       text NOT NULL,
    created_at        timestamp with time zone NOT NULL DEFAULT now(),
    expires_at        timestamp with time zone,
    revoked_at        timestamp with time zone,
    last_used_at      timestamp with time zone,
    replaced_by       text,
    scopes            text[] NOT NULL,
    changed_at        timestamp with time zone,
    monthly_minutes   integer,
    told_expires_at   timestamp with time zone,
    mode              text NOT NULL DEFAULT 'live'::text,
    allowed_addresses text[],
    CONSTRAINT api_keys_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT api_keys_id_key UNIQUE (id),
    CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT api_keys_tenant_id_replaced_by_fkey FOREIGN KEY (tenant_id, replaced_by) REFERENCES api_keys(tenant_id, id),
    CONSTRAINT api_keys_allowed_addresses_check CHECK (cardinality(allowed_addresses) >= 1 AND cardinality(allowed_addresses) <= 50),
    CONSTRAINT api_keys_id_check CHECK (id ~ '^[0-9A-Za-z]{12}$'::text),
    CONSTRAINT api_keys_mode_check CHECK (mode = ANY (ARRAY['live'::text, 'test'::text])),
    CONSTRAINT api_keys_monthly_minutes_check CHECK (monthly_minutes >= 0),
    CONSTRAINT api_keys_name_check CHECK (length(name) >= 1 AND length(name) <= 200),
    CONSTRAINT api_keys_scopes_check CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['jobs:write'::text, 'jobs:read'::text, 'jobs:delete'::text, 'usage:read'::text, 'webhooks:write'::text, 'keys:write'::text]),
    CONSTRAINT api_keys_secret_hash_check CHECK (secret_hash ~~ '$argon2id$%'::text)
);
CREATE INDEX api_keys_by_revocation ON api_keys USING btree (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX api_keys_by_expiry ON api_keys USING btree (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX api_keys_by_change ON api_keys USING btree (changed_at) WHERE changed_at IS NOT NULL;
CREATE INDEX api_keys_with_addresses ON api_keys USING btree (id) WHERE allowed_addresses IS NOT NULL AND revoked_at IS NULL;

CREATE TABLE refresh_tokens (
    tenant_id  text NOT NULL,
    key_id     text NOT NULL,
    token_hash bytea NOT NULL,
    family     bytea NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    rotated_at timestamp with time zone,
    successor  bytea,
    used_at    timestamp with time zone,
    CONSTRAINT refresh_tokens_pkey PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT refresh_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT refresh_tokens_tenant_id_key_id_fkey FOREIGN KEY (tenant_id, key_id) REFERENCES api_keys(tenant_id, id),
    CONSTRAINT refresh_tokens_family_check CHECK (length(family) = 32),
    CONSTRAINT refresh_tokens_successor_check CHECK (successor IS NULL OR rotated_at IS NOT NULL),
    CONSTRAINT refresh_tokens_token_hash_check CHECK (length(token_hash) = 32)
);
CREATE INDEX refresh_tokens_by_key ON refresh_tokens USING btree (tenant_id, key_id, expires_at);
CREATE INDEX refresh_tokens_open_sessions ON refresh_tokens USING btree (tenant_id, key_id, created_at) WHERE token_hash = family AND revoked_at IS NULL;
CREATE INDEX refresh_tokens_by_revocation ON refresh_tokens USING btree (revoked_at) WHERE token_hash = family AND revoked_at IS NOT NULL;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens USING btree (tenant_id, family, created_at);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens USING btree (expires_at);
CREATE INDEX refresh_tokens_with_successor ON refresh_tokens USING btree (rotated_at) WHERE successor IS NOT NULL;

CREATE TABLE jwt_keys (
    kid            text NOT NULL,
    algorithm      text NOT NULL,
    private_sealed bytea NOT NULL,
    created_at     timestamp with time zone NOT NULL DEFAULT now(),
    signs_from     timestamp with time zone NOT NULL DEFAULT now(),
    retired_at     timestamp with time zone,
    CONSTRAINT jwt_keys_pkey PRIMARY KEY (kid),
    CONSTRAINT jwt_keys_algorithm_check CHECK (algorithm = 'ES256'::text)
);

CREATE TABLE audit_log (
    id        bigint GENERATED ALWAYS AS IDENTITY,
    at        timestamp with time zone NOT NULL DEFAULT now(),
    operator  text,
    action    text NOT NULL,
    tenant_id text,
    target    text,
    details   jsonb NOT NULL DEFAULT '{}'::jsonb,
    key_id    text,
    member_id text,
    CONSTRAINT audit_log_pkey PRIMARY KEY (id),
    CONSTRAINT audit_log_author_check CHECK (num_nonnulls(operator, key_id, member_id) = 1),
    CONSTRAINT audit_log_operator_check CHECK (operator <> ''::text)
);
CREATE INDEX audit_log_by_tenant ON audit_log USING btree (tenant_id, id);
CREATE TRIGGER audit_log_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$function$;

CREATE TABLE plans (
    name                      text NOT NULL,
    max_file_bytes            bigint NOT NULL,
    max_duration_seconds      integer NOT NULL,
    concurrency               integer NOT NULL,
    monthly_minutes           integer NOT NULL,
    overage_micros_per_minute bigint,
    queue_class               smallint NOT NULL,
    is_retired                boolean NOT NULL DEFAULT false,
    CONSTRAINT plans_pkey PRIMARY KEY (name),
    CONSTRAINT plans_concurrency_check CHECK (concurrency > 0),
    CONSTRAINT plans_max_duration_seconds_check CHECK (max_duration_seconds > 0),
    CONSTRAINT plans_max_file_bytes_check CHECK (max_file_bytes > 0),
    CONSTRAINT plans_monthly_minutes_check CHECK (monthly_minutes >= 0),
    CONSTRAINT plans_name_check CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$'::text),
    CONSTRAINT plans_overage_micros_per_minute_check CHECK (overage_micros_per_minute >= 0),
    CONSTRAINT plans_queue_class_check CHECK (queue_class = ANY (ARRAY[0, 1]))
);
CREATE CONSTRAINT TRIGGER a_plan_changes_and_jobs_may_start AFTER UPDATE OF concurrency ON plans DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION offer_jobs_of_a_plan();

CREATE TABLE quota_overrides (
    tenant_id            text NOT NULL,
    max_file_bytes       bigint,
    max_duration_seconds integer,
    concurrency          integer,
    monthly_minutes      integer,
    overage_enabled      boolean,
    queueing_enabled     boolean,
    overage_cap_cents    bigint,
    CONSTRAINT quota_overrides_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT quota_overrides_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT quota_overrides_concurrency_check CHECK (concurrency > 0),
    CONSTRAINT quota_overrides_max_duration_seconds_check CHECK (max_duration_seconds > 0),
    CONSTRAINT quota_overrides_max_file_bytes_check CHECK (max_file_bytes > 0),
    CONSTRAINT quota_overrides_monthly_minutes_check CHECK (monthly_minutes >= 0),
    CONSTRAINT quota_overrides_overage_cap_cents_check CHECK (overage_cap_cents >= 0)
);
CREATE CONSTRAINT TRIGGER limits_change_and_jobs_may_start AFTER INSERT OR DELETE OR UPDATE ON quota_overrides DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION offer_jobs_within_limits();

CREATE TABLE usage_months (
    tenant_id        text NOT NULL,
    month            text NOT NULL,
    used_seconds     bigint NOT NULL DEFAULT 0,
    reserved_seconds bigint NOT NULL DEFAULT 0,
    admissions       bigint NOT NULL DEFAULT 0,
    closed_at        timestamp with time zone,
    CONSTRAINT usage_months_pkey PRIMARY KEY (tenant_id, month),
    CONSTRAINT usage_months_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT usage_months_admissions_check CHECK (admissions >= 0),
    CONSTRAINT usage_months_month_check CHECK (month ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'::text),
    CONSTRAINT usage_months_reserved_seconds_check CHECK (reserved_seconds >= 0),
    CONSTRAINT usage_months_used_seconds_check CHECK (used_seconds >= 0)
);
CREATE TRIGGER closed_months_do_not_change BEFORE DELETE OR UPDATE ON usage_months FOR EACH ROW EXECUTE FUNCTION refuse_change_of_closed_month();

CREATE TABLE reservations (
    tenant_id               text NOT NULL,
    job_id                  text NOT NULL,
    month                   text NOT NULL,
    admission               bigint NOT NULL,
    seconds                 bigint NOT NULL,
    plan                    text NOT NULL,
    included_seconds        bigint NOT NULL,
    accept_overage          boolean NOT NULL,
    rate_micros_per_minute  bigint,
    admitted_at             timestamp with time zone NOT NULL,
    growth_places           bigint[] NOT NULL DEFAULT '{}'::bigint[],
    growth_seconds          bigint[] NOT NULL DEFAULT '{}'::bigint[],
    growth_included_seconds bigint[] NOT NULL DEFAULT '{}'::bigint[],
    key_id                  text,
    CONSTRAINT reservations_pkey PRIMARY KEY (tenant_id, job_id),
    CONSTRAINT reservations_tenant_id_month_admission_key UNIQUE (tenant_id, month, admission),
    CONSTRAINT reservations_tenant_id_month_fkey FOREIGN KEY (tenant_id, month) REFERENCES usage_months(tenant_id, month),
    CONSTRAINT reservations_growth_check CHECK (cardinality(growth_places) = cardinality(growth_seconds) AND cardinality(growth_places) = cardinality(growth_included_seconds)),
    CONSTRAINT reservations_included_seconds_check CHECK (included_seconds >= 0),
    CONSTRAINT reservations_rate_check CHECK (NOT accept_overage OR rate_micros_per_minute IS NOT NULL),
    CONSTRAINT reservations_rate_micros_per_minute_check CHECK (rate_micros_per_minute >= 0),
    CONSTRAINT reservations_seconds_check CHECK (seconds >= 0)
);
CREATE TRIGGER no_reservation_in_closed_month BEFORE INSERT OR UPDATE ON reservations FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();

CREATE TABLE usage (
    tenant_id               text NOT NULL,
    month                   text NOT NULL,
    admission               bigint NOT NULL,
    job_id                  text NOT NULL,
    seconds                 bigint NOT NULL,
    plan                    text NOT NULL,
    included_seconds        bigint NOT NULL,
    accept_overage          boolean NOT NULL,
    rate_micros_per_minute  bigint,
    admitted_at             timestamp with time zone NOT NULL,
    growth_places           bigint[] NOT NULL DEFAULT '{}'::bigint[],
    growth_seconds          bigint[] NOT NULL DEFAULT '{}'::bigint[],
    growth_included_seconds bigint[] NOT NULL DEFAULT '{}'::bigint[],
    settled_at              timestamp with time zone NOT NULL DEFAULT now(),
    key_id                  text,
    CONSTRAINT usage_pkey PRIMARY KEY (tenant_id, month, admission),
    CONSTRAINT usage_job_id_key UNIQUE (job_id),
    CONSTRAINT usage_tenant_id_month_fkey FOREIGN KEY (tenant_id, month) REFERENCES usage_months(tenant_id, month),
    CONSTRAINT usage_growth_check CHECK (cardinality(growth_places) = cardinality(growth_seconds) AND cardinality(growth_places) = cardinality(growth_included_seconds)),
    CONSTRAINT usage_included_seconds_check CHECK (included_seconds >= 0),
    CONSTRAINT usage_rate_check CHECK (NOT accept_overage OR rate_micros_per_minute IS NOT NULL),
    CONSTRAINT usage_rate_micros_per_minute_check CHECK (rate_micros_per_minute >= 0),
    CONSTRAINT usage_seconds_check CHECK (seconds >= 0)
);
CREATE INDEX usage_by_month ON usage USING btree (month, tenant_id, admission);
CREATE TRIGGER usage_is_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON usage FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_usage_in_closed_month BEFORE INSERT ON usage FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();
CREATE TRIGGER usage_is_summed AFTER INSERT ON usage REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sum_usage();

CREATE TABLE adjustments (
    tenant_id    text NOT NULL,
    month        text NOT NULL,
    id           bigint GENERATED ALWAYS AS IDENTITY,
    amount_cents bigint NOT NULL,
    reason       text NOT NULL,
    author       text NOT NULL,
    created_at   timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT adjustments_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT adjustments_tenant_id_month_fkey FOREIGN KEY (tenant_id, month) REFERENCES usage_months(tenant_id, month),
    CONSTRAINT adjustments_amount_cents_check CHECK (amount_cents <> 0),
    CONSTRAINT adjustments_author_check CHECK (author <> ''::text),
    CONSTRAINT adjustments_reason_check CHECK (length(reason) >= 1 AND length(reason) <= 500)
);
CREATE INDEX adjustments_by_month ON adjustments USING btree (tenant_id, month);
CREATE TRIGGER adjustments_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON adjustments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_adjustment_in_closed_month BEFORE INSERT ON adjustments FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();

CREATE TABLE statement_lines (
    tenant_id              text NOT NULL,
    month                  text NOT NULL,
    line                   smallint NOT NULL,
    plan                   text NOT NULL,
    included_minutes       bigint NOT NULL,
    used_seconds           bigint NOT NULL,
    overage_seconds        bigint NOT NULL,
    rate_micros_per_minute bigint,
    amount_cents           bigint NOT NULL,
    adjustments_cents      bigint NOT NULL,
    total_cents            bigint NOT NULL,
    CONSTRAINT statement_lines_pkey PRIMARY KEY (tenant_id, month, line),
    CONSTRAINT statement_lines_tenant_id_month_fkey FOREIGN KEY (tenant_id, month) REFERENCES usage_months(tenant_id, month),
    CONSTRAINT statement_lines_included_minutes_check CHECK (included_minutes >= 0),
    CONSTRAINT statement_lines_line_check CHECK (line > 0),
    CONSTRAINT statement_lines_overage_seconds_check CHECK (overage_seconds >= 0),
    CONSTRAINT statement_lines_rate_micros_per_minute_check CHECK (rate_micros_per_minute >= 0),
    CONSTRAINT statement_lines_total_check CHECK (total_cents = (amount_cents + adjustments_cents)),
    CONSTRAINT statement_lines_used_seconds_check CHECK (used_seconds >= 0)
);
CREATE TRIGGER statement_lines_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON statement_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_statement_line_in_closed_month BEFORE INSERT ON statement_lines FOR EACH ROW EXECUTE FUNCTION refuse_closed_month();

CREATE TABLE deleted_tenant_names (
    tenant_id text NOT NULL,
    name      text NOT NULL,
    CONSTRAINT deleted_tenant_names_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT deleted_tenant_names_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT deleted_tenant_names_name_check CHECK (length(name) >= 1 AND length(name) <= 200)
);

CREATE OR REPLACE FUNCTION public.refuse_closed_month()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.refuse_change_of_closed_month()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        RAISE EXCEPTION 'the month % is closed', OLD.month USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$function$;

CREATE TABLE jobs (
    tenant_id                 text NOT NULL,
    id                        text NOT NULL,
    status                    text NOT NULL DEFAULT 'queued'::text,
    created_at                timestamp with time zone NOT NULL DEFAULT now(),
    started_at                timestamp with time zone,
    completed_at              timestamp with time zone,
    status_changed_at         timestamp with time zone NOT NULL DEFAULT now(),
    diarize                   boolean NOT NULL,
    language_requested        text NOT NULL,
    speakers_expected         smallint,
    metadata                  json NOT NULL DEFAULT '{}'::json,
    webhook_url               text,
    max_duration_ms           bigint NOT NULL,
    source_type               text NOT NULL,
    source_name               text,
    source_url                text,
    source_bytes              bigint,
    source_channels           smallint,
    estimated_ms              bigint,
    source_key                text,
    source_deleted_at         timestamp with time zone,
    source_kept_until         timestamp with time zone,
    samples_total             bigint,
    samples_to_process        bigint,
    samples_processed         bigint NOT NULL DEFAULT 0,
    parts_left                integer,
    language                  text,
    language_confidence       double precision,
    engine                    text,
    diarization               text NOT NULL DEFAULT 'none'::text,
    error_code                text,
    error_reason              text,
    error_message             text,
    retried_as                text,
    retry_lease_until         timestamp with time zone,
    transcript_deleted_at     timestamp with time zone,
    deleted_at                timestamp with time zone,
    key_id                    text,
    is_test                   boolean NOT NULL DEFAULT false,
    test_outcome              text,
    test_due_at               timestamp with time zone,
    transcript_retention_days smallint,
    transcript_due_at         timestamp with time zone,
    deadline_at               timestamp with time zone,
    traceparent               text,
    source_sha256             bytea,
    speakers_min              smallint,
    speakers_max              smallint,
    CONSTRAINT jobs_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT jobs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT jobs_completed_at_check CHECK ((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (completed_at IS NOT NULL)),
    CONSTRAINT jobs_deleted_check CHECK (deleted_at IS NULL OR completed_at IS NOT NULL AND source_name IS NULL AND source_url IS NULL AND webhook_url IS NULL AND metadata::text = '{}'::text),
    CONSTRAINT jobs_error_check CHECK (
CASE status
    WHEN 'failed'::text THEN error_code IS NOT NULL
    WHEN 'cancelled'::text THEN error_code IS NULL OR error_code = 'deadline_exceeded'::text
    ELSE error_code IS NULL
END),
    CONSTRAINT jobs_estimated_ms_check CHECK (estimated_ms >= 0),
    CONSTRAINT jobs_id_check CHECK (id ~ '^job_[0-9A-HJKMNP-TV-Z]{26}$'::text),
    CONSTRAINT jobs_max_duration_ms_check CHECK (max_duration_ms > 0),
    CONSTRAINT jobs_metadata_check CHECK (json_typeof(metadata) = 'object'::text AND octet_length(metadata::text) <= 4096),
    CONSTRAINT jobs_parts_left_check CHECK (parts_left >= 0),
    CONSTRAINT jobs_progress_check CHECK (samples_processed <= samples_to_process),
    CONSTRAINT jobs_retry_check CHECK (retry_lease_until IS NULL OR retried_as IS NOT NULL),
    CONSTRAINT jobs_samples_processed_check CHECK (samples_processed >= 0),
    CONSTRAINT jobs_samples_to_process_check CHECK (samples_to_process >= 0),
    CONSTRAINT jobs_samples_total_check CHECK (samples_total >= 0),
    CONSTRAINT jobs_source_bytes_check CHECK (source_bytes >= 0),
    CONSTRAINT jobs_source_channels_check CHECK (source_channels > 0),
    CONSTRAINT jobs_source_check CHECK (deleted_at IS NOT NULL OR (source_type = 'upload'::text) = (source_url IS NULL)),
    CONSTRAINT jobs_source_sha256_check CHECK (octet_length(source_sha256) = 32),
    CONSTRAINT jobs_source_type_check CHECK (source_type = ANY (ARRAY['upload'::text, 'url'::text])),
    CONSTRAINT jobs_speakers_expected_check CHECK (speakers_expected >= 1 AND speakers_expected <= 32),
    CONSTRAINT jobs_speakers_range_check CHECK (speakers_min >= 1 AND speakers_min <= 32 AND speakers_max >= 1 AND speakers_max <= 32 AND speakers_min <= speakers_max),
    CONSTRAINT jobs_status_check CHECK (status = ANY (ARRAY['queued'::text, 'processing'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])),
    CONSTRAINT jobs_test_check CHECK (is_test = (test_due_at IS NOT NULL) AND is_test = (test_outcome IS NOT NULL)),
    CONSTRAINT jobs_traceparent_check CHECK (traceparent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'::text),
    CONSTRAINT jobs_transcript_retention_days_check CHECK (transcript_retention_days >= 1 AND transcript_retention_days <= 3650)
);
CREATE INDEX jobs_by_tenant_and_status ON jobs USING btree (tenant_id, status, id) WHERE deleted_at IS NULL;
CREATE INDEX jobs_by_status_change ON jobs USING btree (tenant_id, status_changed_at);
CREATE INDEX jobs_by_id ON jobs USING hash (id);
CREATE INDEX jobs_newest_by_status ON jobs USING btree (status, id);
CREATE INDEX jobs_by_completion ON jobs USING btree (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX jobs_by_creation ON jobs USING btree (created_at);
CREATE INDEX jobs_test_due ON jobs USING btree (test_due_at) WHERE is_test AND status = 'queued'::text;
CREATE INDEX jobs_test ON jobs USING btree (tenant_id, id) WHERE is_test AND deleted_at IS NULL;
CREATE INDEX jobs_transcript_due ON jobs USING btree (transcript_due_at) WHERE transcript_due_at IS NOT NULL AND status = 'completed'::text AND transcript_deleted_at IS NULL;
CREATE INDEX jobs_with_transcript ON jobs USING btree (tenant_id, completed_at) WHERE status = 'completed'::text AND transcript_deleted_at IS NULL;
CREATE INDEX jobs_by_deadline ON jobs USING btree (deadline_at) WHERE deadline_at IS NOT NULL AND (status = ANY (ARRAY['queued'::text, 'processing'::text]));

CREATE TABLE chunks (
    tenant_id          text NOT NULL,
    job_id             text NOT NULL,
    chunk              integer NOT NULL,
    channel            smallint,
    start_sample       bigint NOT NULL,
    end_sample         bigint NOT NULL,
    audio_start_sample bigint NOT NULL,
    audio_end_sample   bigint NOT NULL,
    audio_key          text,
    speech             bigint[],
    result             bytea,
    language           text,
    CONSTRAINT chunks_pkey PRIMARY KEY (tenant_id, job_id, chunk),
    CONSTRAINT chunks_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES jobs(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT chunks_audio_check CHECK (audio_start_sample >= 0 AND audio_start_sample <= start_sample AND audio_end_sample >= end_sample),
    CONSTRAINT chunks_channel_check CHECK (channel = ANY (ARRAY[0, 1])),
    CONSTRAINT chunks_check CHECK (end_sample > start_sample),
    CONSTRAINT chunks_chunk_check CHECK (chunk >= 0),
    CONSTRAINT chunks_start_sample_check CHECK (start_sample >= 0)
);

CREATE TABLE sections (
    tenant_id   text NOT NULL,
    job_id      text NOT NULL,
    section     integer NOT NULL,
    first_chunk integer NOT NULL,
    last_chunk  integer NOT NULL,
    result      bytea,
    CONSTRAINT sections_pkey PRIMARY KEY (tenant_id, job_id, section),
    CONSTRAINT sections_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES jobs(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT sections_first_chunk_check CHECK (first_chunk >= 0),
    CONSTRAINT sections_order_check CHECK (last_chunk >= first_chunk),
    CONSTRAINT sections_section_check CHECK (section >= 0)
);

CREATE TABLE transcripts (
    tenant_id  text NOT NULL,
    job_id     text NOT NULL,
    body       bytea NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT transcripts_pkey PRIMARY KEY (tenant_id, job_id),
    CONSTRAINT transcripts_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES jobs(tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE idempotency_keys (
    tenant_id   text NOT NULL,
    key         text NOT NULL,
    holder      text,
    lease_until timestamp with time zone,
    fingerprint bytea,
    job_id      text,
    response    bytea,
    created_at  timestamp with time zone NOT NULL DEFAULT now(),
    key_id      text,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, key),
    CONSTRAINT idempotency_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT idempotency_keys_fingerprint_check CHECK (length(fingerprint) = 32),
    CONSTRAINT idempotency_keys_holder_check CHECK ((response IS NULL) = (holder IS NOT NULL)),
    CONSTRAINT idempotency_keys_key_check CHECK (length(key) >= 1 AND length(key) <= 255),
    CONSTRAINT idempotency_keys_lease_check CHECK ((holder IS NULL) = (lease_until IS NULL)),
    CONSTRAINT idempotency_keys_response_check CHECK ((response IS NULL) = (fingerprint IS NULL) AND (response IS NULL) = (job_id IS NULL))
);
CREATE INDEX idempotency_keys_by_creation ON idempotency_keys USING btree (created_at);
CREATE INDEX idempotency_keys_by_job ON idempotency_keys USING btree (tenant_id, job_id) WHERE job_id IS NOT NULL;

CREATE SEQUENCE task_fences;

CREATE TABLE tasks (
    tenant_id        text NOT NULL,
    id               bigint GENERATED ALWAYS AS IDENTITY,
    job_id           text NOT NULL,
    kind             text NOT NULL,
    part             integer,
    is_long          boolean NOT NULL DEFAULT false,
    status           text NOT NULL DEFAULT 'ready'::text,
    priority         smallint NOT NULL,
    starts_job       boolean NOT NULL DEFAULT false,
    attempt          integer NOT NULL DEFAULT 0,
    created_at       timestamp with time zone NOT NULL DEFAULT now(),
    run_after        timestamp with time zone NOT NULL DEFAULT now(),
    first_claimed_at timestamp with time zone,
    fence            bigint,
    worker           text,
    lease_until      timestamp with time zone,
    last_error       text,
    is_poll          boolean NOT NULL DEFAULT false,
    CONSTRAINT tasks_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT tasks_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES jobs(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT tasks_is_long_check CHECK (kind = 'prepare'::text OR NOT is_long),
    CONSTRAINT tasks_is_poll_check CHECK (kind = 'recognize'::text OR NOT is_poll),
    CONSTRAINT tasks_kind_check CHECK (kind = ANY (ARRAY['fetch'::text, 'prepare'::text, 'recognize'::text, 'diarize'::text, 'assemble'::text, 'clean'::text])),
    CONSTRAINT tasks_lease_check CHECK ((status = 'running'::text) = (lease_until IS NOT NULL)),
    CONSTRAINT tasks_part_check CHECK (part >= 0),
    CONSTRAINT tasks_part_kind_check CHECK ((kind = ANY (ARRAY['recognize'::text, 'diarize'::text])) = (part IS NOT NULL)),
    CONSTRAINT tasks_status_check CHECK (status = ANY (ARRAY['ready'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text]))
);
CREATE UNIQUE INDEX tasks_unique ON tasks USING btree (tenant_id, job_id, kind, COALESCE(part, '-1'::integer));
CREATE UNIQUE INDEX tasks_by_fence ON tasks USING btree (fence) WHERE fence IS NOT NULL;
CREATE INDEX tasks_claimable ON tasks USING btree (tenant_id, starts_job, priority, job_id, id) WHERE status = 'ready'::text AND kind <> 'clean'::text;
CREATE INDEX tasks_cleanup_claimable ON tasks USING btree (run_after) WHERE status = 'ready'::text AND kind = 'clean'::text;
CREATE INDEX tasks_by_lease ON tasks USING btree (lease_until) WHERE status = 'running'::text;
CREATE INDEX tasks_finished ON tasks USING btree (created_at) WHERE status = ANY (ARRAY['done'::text, 'failed'::text, 'cancelled'::text]);
CREATE INDEX tasks_to_poll ON tasks USING btree (run_after) WHERE status = 'ready'::text AND is_poll;
CREATE INDEX tasks_by_slot_kind ON tasks USING btree (tenant_id, slot_kind(kind, is_long), priority, starts_job, job_id, id) WHERE status = 'ready'::text AND kind <> 'clean'::text AND NOT is_poll;
CREATE CONSTRAINT TRIGGER ready_tasks_are_offered AFTER INSERT OR UPDATE OF status, is_long, is_poll, priority, run_after ON tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.status = 'ready'::text AND new.kind <> 'clean'::text AND NOT new.is_poll) EXECUTE FUNCTION offer_task();

CREATE TABLE tenant_load (
    tenant_id    text NOT NULL,
    queued_jobs  integer NOT NULL DEFAULT 0,
    running_jobs integer NOT NULL DEFAULT 0,
    CONSTRAINT tenant_load_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT tenant_load_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT tenant_load_queued_jobs_check CHECK (queued_jobs >= 0),
    CONSTRAINT tenant_load_running_jobs_check CHECK (running_jobs >= 0)
);
CREATE INDEX tenant_load_active ON tenant_load USING btree (tenant_id) WHERE (queued_jobs + running_jobs) > 0;
CREATE CONSTRAINT TRIGGER a_job_ends_and_another_may_start AFTER UPDATE OF running_jobs ON tenant_load DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.running_jobs < old.running_jobs AND new.queued_jobs > 0) EXECUTE FUNCTION offer_jobs_after_an_end();

CREATE TABLE webhook_secrets (
    tenant_id       text NOT NULL,
    current_sealed  bytea NOT NULL,
    next_sealed     bytea,
    next_from       timestamp with time zone,
    created_at      timestamp with time zone NOT NULL DEFAULT now(),
    next_created_at timestamp with time zone,
    CONSTRAINT webhook_secrets_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT webhook_secrets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT webhook_secrets_next_check CHECK ((next_sealed IS NULL) = (next_from IS NULL))
);

CREATE TABLE webhook_endpoints (
    tenant_id          text NOT NULL,
    url                text NOT NULL,
    origin             text NOT NULL GENERATED ALWAYS AS (COALESCE(lower("substring"(url, '^[^:/?#]+://[^/?#]*'::text)), url)) STORED,
    is_default         boolean NOT NULL DEFAULT false,
    created_at         timestamp with time zone NOT NULL DEFAULT now(),
    last_success       timestamp with time zone,
    first_failure_at   timestamp with time zone,
    failing_since      timestamp with time zone,
    id                 text,
    events             text[],
    is_enabled         boolean NOT NULL DEFAULT true,
    told_failing_since timestamp with time zone,
    CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (tenant_id, url),
    CONSTRAINT webhook_endpoints_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT webhook_endpoints_id_check CHECK (id ~ '^whk_[0-9A-HJKMNP-TV-Z]{26}$'::text),
    CONSTRAINT webhook_endpoints_managed_check CHECK ((id IS NULL) = (events IS NULL) AND (id IS NOT NULL OR is_enabled AND NOT is_default) AND (events IS NULL OR cardinality(events) >= 1 AND cardinality(events) <= 20)),
    CONSTRAINT webhook_endpoints_url_check CHECK (octet_length(url) >= 1 AND octet_length(url) <= 2048)
);
CREATE UNIQUE INDEX webhook_endpoints_default ON webhook_endpoints USING btree (tenant_id) WHERE is_default;
CREATE INDEX webhook_endpoints_by_origin ON webhook_endpoints USING btree (tenant_id, origin);
CREATE UNIQUE INDEX webhook_endpoints_by_id ON webhook_endpoints USING btree (tenant_id, id) WHERE id IS NOT NULL;
CREATE INDEX webhook_endpoints_failing ON webhook_endpoints USING btree (failing_since) WHERE failing_since IS NOT NULL;

CREATE SEQUENCE delivery_fences;

CREATE TABLE webhook_events (
    tenant_id           text NOT NULL,
    id                  text NOT NULL,
    job_id              text,
    event               text NOT NULL,
    url                 text NOT NULL,
    origin              text NOT NULL GENERATED ALWAYS AS (COALESCE(lower("substring"(url, '^[^:/?#]+://[^/?#]*'::text)), url)) STORED,
    body                bytea NOT NULL,
    created_at          timestamp with time zone NOT NULL DEFAULT now(),
    status              text NOT NULL DEFAULT 'pending'::text,
    attempt             integer NOT NULL DEFAULT 0,
    schedule_attempts   integer NOT NULL DEFAULT 0,
    schedule_started_at timestamp with time zone,
    next_attempt_at     timestamp with time zone NOT NULL DEFAULT now(),
    due                 boolean NOT NULL DEFAULT true,
    abandoned           boolean NOT NULL DEFAULT false,
    fence               bigint,
    lease_until         timestamp with time zone,
    event_id            text,
    endpoint_id         text,
    CONSTRAINT webhook_events_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhook_events_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES jobs(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_events_tenant_id_url_fkey FOREIGN KEY (tenant_id, url) REFERENCES webhook_endpoints(tenant_id, url),
    CONSTRAINT webhook_events_event_check CHECK (event = ANY (ARRAY['job.completed'::text, 'job.failed'::text, 'job.cancelled'::text, 'usage.threshold_reached'::text, 'usage.limit_reached'::text, 'key.expiring'::text, 'webhook.failing'::text])),
    CONSTRAINT webhook_events_event_id_check CHECK (event_id ~ '^evt_[0-9A-HJKMNP-TV-Z]{26}$'::text),
    CONSTRAINT webhook_events_id_check CHECK (id ~ '^evt_[0-9A-HJKMNP-TV-Z]{26}$'::text),
    CONSTRAINT webhook_events_lease_check CHECK ((status = 'sending'::text) = (lease_until IS NOT NULL)),
    CONSTRAINT webhook_events_status_check CHECK (status = ANY (ARRAY['pending'::text, 'sending'::text, 'delivered'::text, 'given_up'::text])),
    CONSTRAINT webhook_events_target_check CHECK (num_nonnulls(job_id, endpoint_id) > 0)
);
CREATE INDEX webhook_events_due ON webhook_events USING btree (tenant_id, origin, next_attempt_at) WHERE status = 'pending'::text AND due;
CREATE INDEX webhook_events_waiting ON webhook_events USING btree (next_attempt_at) WHERE status = 'pending'::text AND NOT due;
CREATE INDEX webhook_events_by_next_attempt ON webhook_events USING btree (next_attempt_at) WHERE status = 'pending'::text;
CREATE INDEX webhook_events_sending ON webhook_events USING btree (tenant_id, origin) WHERE status = 'sending'::text;
CREATE INDEX webhook_events_by_lease ON webhook_events USING btree (lease_until) WHERE status = 'sending'::text;
CREATE INDEX webhook_events_by_creation ON webhook_events USING btree (tenant_id, created_at, id);
CREATE INDEX webhook_events_by_url ON webhook_events USING btree (tenant_id, url);
CREATE INDEX webhook_events_unfinished_by_url ON webhook_events USING btree (tenant_id, url) WHERE status = ANY (ARRAY['pending'::text, 'sending'::text]);
CREATE UNIQUE INDEX webhook_events_by_job ON webhook_events USING btree (tenant_id, job_id, COALESCE(endpoint_id, ''::text));
CREATE INDEX webhook_events_by_endpoint ON webhook_events USING btree (tenant_id, endpoint_id, created_at, id) WHERE endpoint_id IS NOT NULL;
CREATE INDEX webhook_events_ended ON webhook_events USING btree (COALESCE(schedule_started_at, created_at)) WHERE status = ANY (ARRAY['delivered'::text, 'given_up'::text]);

CREATE TABLE webhook_attempts (
    tenant_id   text NOT NULL,
    event_id    text NOT NULL,
    number      integer NOT NULL,
    at          timestamp with time zone NOT NULL,
    status_code integer,
    latency_ms  integer,
    error       text,
    CONSTRAINT webhook_attempts_pkey PRIMARY KEY (tenant_id, event_id, number),
    CONSTRAINT webhook_attempts_tenant_id_event_id_fkey FOREIGN KEY (tenant_id, event_id) REFERENCES webhook_events(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_attempts_number_check CHECK (number > 0)
);
CREATE INDEX webhook_attempts_by_time ON webhook_attempts USING btree (tenant_id, at DESC, event_id DESC, number DESC);

CREATE TABLE webhook_failing_origins (
    tenant_id text NOT NULL,
    origin    text NOT NULL,
    CONSTRAINT webhook_failing_origins_pkey PRIMARY KEY (tenant_id, origin),
    CONSTRAINT webhook_failing_origins_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id)
);

CREATE TABLE engine_tickets (
    tenant_id    text NOT NULL,
    job_id       text NOT NULL,
    chunk        integer NOT NULL,
    attempt      integer NOT NULL,
    engine       text NOT NULL,
    ticket       text NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    CONSTRAINT engine_tickets_pkey PRIMARY KEY (tenant_id, job_id, engine, ticket),
    CONSTRAINT engine_tickets_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES jobs(tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT engine_tickets_attempt_check CHECK (attempt > 0),
    CONSTRAINT engine_tickets_chunk_check CHECK (chunk >= 0)
);

CREATE TABLE engine_refusals (
    engine      text NOT NULL,
    model       text NOT NULL,
    message     text NOT NULL,
    refusals    bigint NOT NULL,
    first_at    timestamp with time zone NOT NULL DEFAULT now(),
    last_at     timestamp with time zone NOT NULL DEFAULT now(),
    accepted_at timestamp with time zone,
    CONSTRAINT engine_refusals_pkey PRIMARY KEY (engine, model),
    CONSTRAINT engine_refusals_refusals_check CHECK (refusals > 0)
);

CREATE TABLE usage_sums (
    tenant_id              text NOT NULL,
    month                  text NOT NULL,
    dimension              text NOT NULL,
    value                  text NOT NULL,
    block                  bigint NOT NULL,
    included_seconds       bigint NOT NULL,
    accept_overage         boolean NOT NULL,
    rate_micros_per_minute bigint NOT NULL,
    plan                   text NOT NULL,
    jobs                   bigint NOT NULL,
    seconds                bigint NOT NULL,
    last_place             bigint NOT NULL,
    day                    text NOT NULL,
    CONSTRAINT usage_sums_pkey PRIMARY KEY (tenant_id, month, dimension, value, day, block, included_seconds, accept_overage, rate_micros_per_minute, plan),
    CONSTRAINT usage_sums_tenant_id_month_fkey FOREIGN KEY (tenant_id, month) REFERENCES usage_months(tenant_id, month),
    CONSTRAINT usage_sums_block_check CHECK (block >= 0),
    CONSTRAINT usage_sums_day_check CHECK (day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'::text),
    CONSTRAINT usage_sums_jobs_check CHECK (jobs >= 0),
    CONSTRAINT usage_sums_last_place_check CHECK (last_place >= 0),
    CONSTRAINT usage_sums_seconds_check CHECK (seconds >= 0)
);

CREATE TABLE usage_increases (
    tenant_id text NOT NULL,
    month     text NOT NULL,
    place     bigint NOT NULL,
    admission bigint NOT NULL,
    CONSTRAINT usage_increases_pkey PRIMARY KEY (tenant_id, month, place),
    CONSTRAINT usage_increases_tenant_id_month_fkey FOREIGN KEY (tenant_id, month) REFERENCES usage_months(tenant_id, month)
);

CREATE OR REPLACE FUNCTION public.sum_usage()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE TABLE account_limits (
    tenant_id                 text NOT NULL,
    overage_cap_cents         bigint,
    alert_percents            smallint[] NOT NULL,
    transcript_retention_days smallint,
    CONSTRAINT account_limits_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT account_limits_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT account_limits_alert_percents_check CHECK (cardinality(alert_percents) <= 10 AND (1 <= ALL (alert_percents)) AND (100 >= ALL (alert_percents))),
    CONSTRAINT account_limits_overage_cap_cents_check CHECK (overage_cap_cents >= 0),
    CONSTRAINT account_limits_transcript_retention_days_check CHECK (transcript_retention_days >= 1 AND transcript_retention_days <= 3650)
);

CREATE TABLE usage_alerts (
    tenant_id  text NOT NULL,
    month      text NOT NULL,
    alert      text NOT NULL,
    limited_by text NOT NULL,
    percent    smallint NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT usage_alerts_pkey PRIMARY KEY (tenant_id, month, alert, limited_by, percent),
    CONSTRAINT usage_alerts_tenant_id_month_fkey FOREIGN KEY (tenant_id, month) REFERENCES usage_months(tenant_id, month),
    CONSTRAINT usage_alerts_alert_check CHECK (alert = ANY (ARRAY['threshold_reached'::text, 'limit_reached'::text])),
    CONSTRAINT usage_alerts_limited_by_check CHECK (limited_by = ANY (ARRAY['monthly_minutes'::text, 'overage_cap'::text, 'key_minutes'::text])),
    CONSTRAINT usage_alerts_percent_check CHECK (percent >= 0 AND percent <= 100)
);

CREATE TABLE used_tokens (
    tenant_id  text NOT NULL,
    token      text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT used_tokens_pkey PRIMARY KEY (tenant_id, token),
    CONSTRAINT used_tokens_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT used_tokens_token_check CHECK (length(token) >= 1 AND length(token) <= 64)
);
CREATE INDEX used_tokens_by_expiry ON used_tokens USING btree (expires_at);

CREATE TABLE seller (
    singleton boolean NOT NULL DEFAULT true,
    name      text NOT NULL,
    address   text,
    tax_id    text,
    email     text,
    CONSTRAINT seller_pkey PRIMARY KEY (singleton),
    CONSTRAINT seller_address_check CHECK (length(address) >= 1 AND length(address) <= 1000),
    CONSTRAINT seller_email_check CHECK (length(email) >= 1 AND length(email) <= 200),
    CONSTRAINT seller_name_check CHECK (length(name) >= 1 AND length(name) <= 200),
    CONSTRAINT seller_singleton_check CHECK (singleton),
    CONSTRAINT seller_tax_id_check CHECK (length(tax_id) >= 1 AND length(tax_id) <= 100)
);

CREATE TABLE billing_details (
    tenant_id       text NOT NULL,
    billing_name    text,
    billing_address text,
    tax_id          text,
    reference       text,
    CONSTRAINT billing_details_pkey PRIMARY KEY (tenant_id),
    CONSTRAINT billing_details_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT billing_details_billing_address_check CHECK (length(billing_address) >= 1 AND length(billing_address) <= 1000),
    CONSTRAINT billing_details_billing_name_check CHECK (length(billing_name) >= 1 AND length(billing_name) <= 200),
    CONSTRAINT billing_details_reference_check CHECK (length(reference) >= 1 AND length(reference) <= 200),
    CONSTRAINT billing_details_tax_id_check CHECK (length(tax_id) >= 1 AND length(tax_id) <= 100)
);

CREATE TABLE statement_parties (
    tenant_id text NOT NULL,
    month     text NOT NULL,
    seller    jsonb,
    customer  jsonb NOT NULL,
    CONSTRAINT statement_parties_pkey PRIMARY KEY (tenant_id, month),
    CONSTRAINT statement_parties_tenant_id_month_fkey FOREIGN KEY (tenant_id, month) REFERENCES usage_months(tenant_id, month)
);
CREATE TRIGGER statement_parties_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON statement_parties FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE members (
    tenant_id       text NOT NULL,
    id              text NOT NULL,
    email           text NOT NULL,
    role            text NOT NULL,
    password_hash   text,
    created_at      timestamp with time zone NOT NULL DEFAULT now(),
    last_sign_in_at timestamp with time zone,
    removed_at      timestamp with time zone,
    has_password    boolean NOT NULL GENERATED ALWAYS AS (password_hash IS NOT NULL) STORED,
    CONSTRAINT members_pkey PRIMARY KEY (tenant_id, id),
    CONSTRAINT members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT members_email_check CHECK (length(email) >= 3 AND length(email) <= 254),
    CONSTRAINT members_id_check CHECK (id ~ '^mem_[0-9A-HJKMNP-TV-Z]{26}$'::text),
    CONSTRAINT members_password_hash_check CHECK (password_hash ~~ '$argon2id$%'::text),
    CONSTRAINT members_role_check CHECK (role = ANY (ARRAY['owner'::text, 'developer'::text, 'finance'::text, 'viewer'::text]))
);
CREATE UNIQUE INDEX members_by_email_and_tenant ON members USING btree (tenant_id, lower(email)) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX members_by_email ON members USING btree (lower(email)) WHERE removed_at IS NULL AND password_hash IS NOT NULL;

CREATE TABLE member_links (
    tenant_id  text NOT NULL,
    token_hash bytea NOT NULL,
    member_id  text NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at timestamp with time zone NOT NULL,
    used_at    timestamp with time zone,
    CONSTRAINT member_links_pkey PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT member_links_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES members(tenant_id, id),
    CONSTRAINT member_links_token_hash_check CHECK (length(token_hash) = 32)
);
CREATE UNIQUE INDEX member_links_by_token ON member_links USING btree (token_hash);
CREATE INDEX member_links_by_expiry ON member_links USING btree (expires_at);

CREATE TABLE member_sessions (
    tenant_id  text NOT NULL,
    token_hash bytea NOT NULL,
    member_id  text NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    used_at    timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT member_sessions_pkey PRIMARY KEY (tenant_id, token_hash),
    CONSTRAINT member_sessions_tenant_id_member_id_fkey FOREIGN KEY (tenant_id, member_id) REFERENCES members(tenant_id, id),
    CONSTRAINT member_sessions_token_hash_check CHECK (length(token_hash) = 32)
);
CREATE UNIQUE INDEX member_sessions_by_token ON member_sessions USING btree (token_hash);
CREATE INDEX member_sessions_by_use ON member_sessions USING btree (used_at);
CREATE INDEX member_sessions_by_member ON member_sessions USING btree (tenant_id, member_id, created_at);

CREATE UNLOGGED TABLE rate_limit_calls (
    rate_limit text NOT NULL,
    caller     bytea NOT NULL,
    moments    bigint[] NOT NULL,
    CONSTRAINT rate_limit_calls_pkey PRIMARY KEY (rate_limit, caller),
    CONSTRAINT rate_limit_calls_caller_check CHECK (length(caller) = 32),
    CONSTRAINT rate_limit_calls_moments_check CHECK (cardinality(moments) > 0)
);

CREATE UNLOGGED TABLE upload_slots (
    tenant_id   text NOT NULL,
    id          text NOT NULL,
    lease_until timestamp with time zone NOT NULL,
    CONSTRAINT upload_slots_pkey PRIMARY KEY (tenant_id, id)
);

CREATE TABLE speaker_names (
    tenant_id text NOT NULL,
    job_id    text NOT NULL,
    speaker   text NOT NULL,
    name      text NOT NULL,
    CONSTRAINT speaker_names_pkey PRIMARY KEY (tenant_id, job_id, speaker),
    CONSTRAINT speaker_names_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES transcripts(tenant_id, job_id) ON DELETE CASCADE,
    CONSTRAINT speaker_names_name_check CHECK (length(name) >= 1 AND length(name) <= 100),
    CONSTRAINT speaker_names_speaker_check CHECK (length(speaker) >= 1 AND length(speaker) <= 40)
);

CREATE TABLE transcript_revisions (
    tenant_id  text NOT NULL,
    job_id     text NOT NULL,
    revision   integer NOT NULL,
    key_id     text NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    segments   integer NOT NULL,
    bytes      bigint NOT NULL,
    CONSTRAINT transcript_revisions_pkey PRIMARY KEY (tenant_id, job_id, revision),
    CONSTRAINT transcript_revisions_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES transcripts(tenant_id, job_id) ON DELETE CASCADE,
    CONSTRAINT transcript_revisions_bytes_check CHECK (bytes > 0),
    CONSTRAINT transcript_revisions_revision_check CHECK (revision > 0),
    CONSTRAINT transcript_revisions_segments_check CHECK (segments > 0)
);

CREATE TABLE transcript_corrections (
    tenant_id text NOT NULL,
    job_id    text NOT NULL,
    segment   integer NOT NULL,
    revision  integer NOT NULL,
    body      bytea NOT NULL,
    CONSTRAINT transcript_corrections_pkey PRIMARY KEY (tenant_id, job_id, segment, revision),
    CONSTRAINT transcript_corrections_tenant_id_job_id_revision_fkey FOREIGN KEY (tenant_id, job_id, revision) REFERENCES transcript_revisions(tenant_id, job_id, revision) ON DELETE CASCADE,
    CONSTRAINT transcript_corrections_segment_check CHECK (segment >= 0)
);
CREATE INDEX transcript_corrections_by_revision ON transcript_corrections USING btree (tenant_id, job_id, revision);

CREATE OR REPLACE FUNCTION public.slot_kind(kind text, is_long boolean)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
    SELECT CASE WHEN kind = 'fetch' THEN 'fetches' WHEN is_long THEN 'preparations' WHEN kind <> 'clean' THEN 'engines' END
$function$;

CREATE SEQUENCE turn_numbers;

CREATE TABLE tenant_turns (
    tenant_id text NOT NULL,
    slot_kind text NOT NULL,
    priority  smallint NOT NULL,
    last_turn bigint NOT NULL,
    entered   bigint NOT NULL DEFAULT nextval('turn_numbers'::regclass),
    has_work  boolean NOT NULL,
    look_at   timestamp with time zone,
    CONSTRAINT tenant_turns_pkey PRIMARY KEY (tenant_id, slot_kind, priority),
    CONSTRAINT tenant_turns_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES tenants(id),
    CONSTRAINT tenant_turns_check CHECK (NOT has_work OR look_at IS NULL),
    CONSTRAINT tenant_turns_priority_check CHECK (priority = ANY (ARRAY[0, 1])),
    CONSTRAINT tenant_turns_slot_kind_check CHECK (slot_kind = ANY (ARRAY['engines'::text, 'fetches'::text, 'preparations'::text]))
);
CREATE INDEX tenant_turns_in_order ON tenant_turns USING btree (slot_kind, priority, last_turn, entered) WHERE has_work;
CREATE INDEX tenant_turns_to_look_at ON tenant_turns USING btree (look_at) WHERE NOT has_work AND look_at IS NOT NULL;

CREATE SEQUENCE engines_priority_front;

CREATE SEQUENCE engines_normal_front;

CREATE SEQUENCE fetches_priority_front;

CREATE SEQUENCE fetches_normal_front;

CREATE SEQUENCE preparations_priority_front;

CREATE SEQUENCE preparations_normal_front;

CREATE SEQUENCE turns_tended_at;

CREATE OR REPLACE FUNCTION public.turn_front(slot_kind text, priority smallint)
 RETURNS bigint
 LANGUAGE sql
 STABLE
AS $function$
    SELECT coalesce(pg_sequence_last_value(
        (slot_kind || CASE priority WHEN 0 THEN '_priority_front' ELSE '_normal_front' END)::regclass), 0)
$function$;

CREATE OR REPLACE FUNCTION public.offer_task()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.offer_jobs(tenant text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM FROM tenant_turns WHERE tenant_id = tenant ORDER BY slot_kind, priority FOR KEY SHARE;
    UPDATE tenant_turns
    SET has_work = true, look_at = NULL, entered = DEFAULT, last_turn = greatest(last_turn, turn_front(slot_kind, priority))
    WHERE tenant_id = tenant AND NOT has_work;
END
$function$;

CREATE OR REPLACE FUNCTION public.offer_jobs_after_an_end()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM offer_jobs(NEW.tenant_id);
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.offer_jobs_of_an_account()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM offer_jobs(NEW.id);
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.offer_jobs_within_limits()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM offer_jobs(CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END);
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION public.offer_jobs_of_a_plan()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    PERFORM offer_jobs(id) FROM (
        SELECT t.id FROM tenants t JOIN tenant_load l ON l.tenant_id = t.id
        WHERE t.plan = NEW.name AND l.queued_jobs > 0 ORDER BY t.id) waiting;
    RETURN NULL;
END
$function$;

CREATE TABLE orphan_listing (
    singleton boolean NOT NULL DEFAULT true,
    fence     bigint NOT NULL DEFAULT 0,
    due_at    timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT orphan_listing_pkey PRIMARY KEY (singleton),
    CONSTRAINT orphan_listing_singleton_check CHECK (singleton)
);

CREATE TABLE provenance_keys (
    kid            text NOT NULL,
    public_key     bytea NOT NULL,
    private_sealed bytea,
    created_at     timestamp with time zone NOT NULL DEFAULT now(),
    retired_at     timestamp with time zone,
    CONSTRAINT provenance_keys_pkey PRIMARY KEY (kid),
    CONSTRAINT provenance_keys_check CHECK ((private_sealed IS NULL) = (retired_at IS NOT NULL)),
    CONSTRAINT provenance_keys_public_key_check CHECK (octet_length(public_key) = 64)
);
CREATE UNIQUE INDEX provenance_keys_signing ON provenance_keys USING btree ((true)) WHERE retired_at IS NULL;

CREATE TABLE provenance_records (
    tenant_id text NOT NULL,
    job_id    text NOT NULL,
    revision  integer NOT NULL,
    record    text NOT NULL,
    CONSTRAINT provenance_records_pkey PRIMARY KEY (tenant_id, job_id, revision),
    CONSTRAINT provenance_records_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES jobs(tenant_id, id),
    CONSTRAINT provenance_records_revision_check CHECK (revision >= 0)
);

CREATE TABLE word_options (
    tenant_id text NOT NULL,
    job_id    text NOT NULL,
    options   json NOT NULL,
    CONSTRAINT word_options_pkey PRIMARY KEY (tenant_id, job_id),
    CONSTRAINT word_options_tenant_id_job_id_fkey FOREIGN KEY (tenant_id, job_id) REFERENCES jobs(tenant_id, id),
    CONSTRAINT word_options_options_check CHECK (json_typeof(options) = 'object'::text AND octet_length(options::text) <= 131072)
);
