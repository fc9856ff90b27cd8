-- Pipeline: preparations of long recordings have places beside a worker's slots, and turns of their own.

-- Of a `prepare`: what is known or claimed to last ten minutes at most is not. Others have it false.
ALTER TABLE tasks ADD COLUMN long boolean NOT NULL DEFAULT false;
ALTER TABLE tasks ADD CONSTRAINT tasks_long_check CHECK (kind = 'prepare' OR NOT long);
UPDATE tasks t SET long = true
    FROM jobs j WHERE j.tenant_id = t.tenant_id AND j.id = t.job_id AND t.kind = 'prepare' AND t.status IN ('ready', 'running')
        AND coalesce(j.estimated_ms > 600000, true);
ALTER TABLE turns ADD COLUMN preparations_in_a_row integer NOT NULL DEFAULT 0;
ALTER TABLE tenant_load ADD COLUMN last_preparation bigint NOT NULL DEFAULT 0;
