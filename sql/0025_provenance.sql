-- nodes: from 0022
-- online: yes
-- Signed records of what a transcript came from, and the keys that sign them.

-- A retired key stays, so that its records can be verified forever. Its private half does not.
CREATE TABLE IF NOT EXISTS provenance_keys (
    kid            text PRIMARY KEY,
    -- x and y, 32 bytes each.
    public_key     bytea NOT NULL CHECK (octet_length(public_key) = 64),
    private_sealed bytea,
    created_at     timestamptz NOT NULL DEFAULT now(),
    retired_at     timestamptz,
    CHECK ((private_sealed IS NULL) = (retired_at IS NOT NULL))
);

-- One key signs at a time.
CREATE UNIQUE INDEX IF NOT EXISTS provenance_keys_signing ON provenance_keys ((true)) WHERE retired_at IS NULL;

-- The record of each revision of a transcript, signed when the revision was made. It stays when the recording and the transcript go, and goes with the job.
CREATE TABLE IF NOT EXISTS provenance_records (
    tenant_id text NOT NULL,
    job_id    text NOT NULL,
    -- 0: as it was recognized.
    revision  integer NOT NULL CHECK (revision >= 0),
    -- A JWS in its compact form.
    record    text NOT NULL,
    PRIMARY KEY (tenant_id, job_id, revision),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id)
);

-- SHA-256 of the recording as it was received. Null for jobs from before, and until it is known.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS source_sha256 bytea;

-- Checked only afterward, without a lock that keeps others out.
ALTER TABLE jobs DROP CONSTRAINT IF EXISTS jobs_source_sha256_check,
    ADD CONSTRAINT jobs_source_sha256_check CHECK (octet_length(source_sha256) = 32) NOT VALID;

ALTER TABLE jobs VALIDATE CONSTRAINT jobs_source_sha256_check;
