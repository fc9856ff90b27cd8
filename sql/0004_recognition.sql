-- Pipeline: speakers, channels of their own, engines that work elsewhere.

-- A task's part: the piece of a `recognise` task, the stretch of a `diarize` task.
ALTER TABLE tasks RENAME COLUMN piece TO part;
ALTER TABLE tasks DROP CONSTRAINT tasks_kind_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_kind_check CHECK (kind IN ('prepare', 'recognise', 'diarize', 'assemble', 'clean'));
ALTER TABLE tasks DROP CONSTRAINT tasks_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_part_check CHECK ((kind IN ('recognise', 'diarize')) = (part IS NOT NULL));

-- What is to be done and how much of it is: samples of all parts, so that two channels count twice, and speakers besides words.
ALTER TABLE jobs RENAME COLUMN pieces_left TO parts_left;
ALTER TABLE jobs ADD COLUMN samples_work bigint CHECK (samples_work >= 0);
UPDATE jobs SET samples_work = samples_total;
ALTER TABLE jobs DROP CONSTRAINT jobs_check3;
ALTER TABLE jobs ADD CONSTRAINT jobs_work_check CHECK (samples_done <= samples_work);
-- What the probe saw; null where it was not asked.
ALTER TABLE jobs ADD COLUMN source_channels smallint CHECK (source_channels > 0);
-- How the speakers are told apart: 'none', 'channels', or the name of the model that does it.
ALTER TABLE jobs ADD COLUMN diarization text NOT NULL DEFAULT 'none';

-- Which channel the piece is of: 0 left, 1 right, null where all are heard as one. Each channel's pieces part the whole source.
ALTER TABLE pieces ADD COLUMN channel smallint CHECK (channel IN (0, 1));
-- What the audio holds: the piece, and some seconds more where it was cut without a silence.
ALTER TABLE pieces ADD COLUMN audio_start_sample bigint;
ALTER TABLE pieces ADD COLUMN audio_end_sample bigint;
UPDATE pieces SET audio_start_sample = start_sample, audio_end_sample = end_sample;
ALTER TABLE pieces ALTER COLUMN audio_start_sample SET NOT NULL;
ALTER TABLE pieces ALTER COLUMN audio_end_sample SET NOT NULL;
ALTER TABLE pieces ADD CONSTRAINT pieces_audio_check
    CHECK (audio_start_sample >= 0 AND audio_start_sample <= start_sample AND audio_end_sample >= end_sample);
-- Where somebody speaks: milliseconds from the start of the audio, each span's start and end in turn. Null: not known.
ALTER TABLE pieces ADD COLUMN speech bigint[];

-- The stretches of a source whose speakers are told apart on their own, before all are compared: whole pieces, in a row.
CREATE TABLE stretches (
    tenant_id   text NOT NULL,
    job_id      text NOT NULL,
    stretch     integer NOT NULL CHECK (stretch >= 0),
    first_piece integer NOT NULL CHECK (first_piece >= 0),
    last_piece  integer NOT NULL,
    result      bytea,
    PRIMARY KEY (tenant_id, job_id, stretch),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE,
    CHECK (last_piece >= first_piece)
);

-- Pieces handed in at an engine that works elsewhere. A row stays until the copy there is deleted.
CREATE TABLE engine_tickets (
    tenant_id    text NOT NULL,
    job_id       text NOT NULL,
    piece        integer NOT NULL CHECK (piece >= 0),
    attempt      integer NOT NULL CHECK (attempt > 0),
    engine       text NOT NULL,
    ticket       text NOT NULL,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, job_id, engine, ticket),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE stretches ENABLE ROW LEVEL SECURITY;
ALTER TABLE stretches FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON stretches TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON stretches TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON stretches TO verbatim_app;

ALTER TABLE engine_tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE engine_tickets FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON engine_tickets TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY own ON engine_tickets TO verbatim_app
    USING (tenant_id = current_setting('verbatim.tenant', true))
    WITH CHECK (tenant_id = current_setting('verbatim.tenant', true));
GRANT SELECT, INSERT, DELETE ON engine_tickets TO verbatim_app;
