-- nodes: from 0022
-- online: yes
-- How many speakers a customer expects at least and at most.

-- Null: not said.
ALTER TABLE jobs ADD COLUMN IF NOT EXISTS speakers_min smallint, ADD COLUMN IF NOT EXISTS speakers_max smallint;

-- Checked only afterward, without a lock that keeps others out.
ALTER TABLE jobs DROP CONSTRAINT IF EXISTS jobs_speakers_range_check,
    ADD CONSTRAINT jobs_speakers_range_check CHECK (
        speakers_min BETWEEN 1 AND 32 AND speakers_max BETWEEN 1 AND 32 AND speakers_min <= speakers_max) NOT VALID;

ALTER TABLE jobs VALIDATE CONSTRAINT jobs_speakers_range_check;
