-- Names of speakers, and corrections of transcripts. The original in `transcripts` never changes. All of it goes with the transcript.

CREATE TABLE speaker_names (
    tenant_id text NOT NULL,
    job_id    text NOT NULL,
    -- An id from the transcript, such as speaker_0.
    speaker   text NOT NULL CHECK (length(speaker) BETWEEN 1 AND 40),
    name      text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    PRIMARY KEY (tenant_id, job_id, speaker),
    FOREIGN KEY (tenant_id, job_id) REFERENCES transcripts (tenant_id, job_id) ON DELETE CASCADE
);

-- One row for each time that somebody corrected a transcript. The original is revision 0, and has none.
CREATE TABLE transcript_revisions (
    tenant_id  text NOT NULL,
    job_id     text NOT NULL,
    revision   integer NOT NULL CHECK (revision > 0),
    -- Who did it: an API key's or a member's id.
    key_id     text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- How many segments it changed, and how long they are together.
    segments   integer NOT NULL CHECK (segments > 0),
    bytes      bigint NOT NULL CHECK (bytes > 0),
    PRIMARY KEY (tenant_id, job_id, revision),
    FOREIGN KEY (tenant_id, job_id) REFERENCES transcripts (tenant_id, job_id) ON DELETE CASCADE
);

-- The segments that a revision changed. A revision has the latest version of each segment, up to its own number.
CREATE TABLE transcript_corrections (
    tenant_id text NOT NULL,
    job_id    text NOT NULL,
    -- Its place in the stored original, from 0.
    segment   integer NOT NULL CHECK (segment >= 0),
    revision  integer NOT NULL,
    -- The whole segment, in the form of the stored original.
    body      bytea NOT NULL,
    PRIMARY KEY (tenant_id, job_id, segment, revision),
    FOREIGN KEY (tenant_id, job_id, revision) REFERENCES transcript_revisions (tenant_id, job_id, revision) ON DELETE CASCADE
);
CREATE INDEX transcript_corrections_by_revision ON transcript_corrections (tenant_id, job_id, revision);
