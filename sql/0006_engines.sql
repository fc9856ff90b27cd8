-- Recognition engines: what was submitted to engines outside the node, and what they refused.

-- Pieces that an external engine works on. A row stays until the engine's copy is deleted.
CREATE TABLE engine_tickets (
    tenant_id    text NOT NULL,
    job_id       text NOT NULL,
    chunk        integer NOT NULL CHECK (chunk >= 0),
    attempt      integer NOT NULL CHECK (attempt > 0),
    engine       text NOT NULL,
    -- The engine's own id of the submission.
    ticket       text NOT NULL,
    submitted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, job_id, engine, ticket),
    FOREIGN KEY (tenant_id, job_id) REFERENCES jobs (tenant_id, id) ON DELETE CASCADE
);

-- Models, keys and requests that an engine refused, from all nodes, for /metrics and `doctor`. Nothing of a tenant's.
CREATE TABLE engine_refusals (
    engine      text NOT NULL,
    model       text NOT NULL,
    -- The engine's message, without keys and URLs.
    message     text NOT NULL,
    refusals    bigint NOT NULL CHECK (refusals > 0),
    first_at    timestamptz NOT NULL DEFAULT now(),
    last_at     timestamptz NOT NULL DEFAULT now(),
    -- When it was last accepted again.
    accepted_at timestamptz,
    PRIMARY KEY (engine, model)
);
