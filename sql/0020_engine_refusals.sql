-- Pipeline: models that a recogniser refused, as all nodes together know it: counted for /metrics, found by doctor. Nothing of a customer's.
CREATE TABLE engine_refusals (
    engine      text NOT NULL,
    model       text NOT NULL,
    -- What the service said, without keys and URLs.
    answer      text NOT NULL,
    refusals    bigint NOT NULL CHECK (refusals > 0),
    first_at    timestamptz NOT NULL DEFAULT now(),
    last_at     timestamptz NOT NULL DEFAULT now(),
    -- When it was last taken again.
    accepted_at timestamptz,
    PRIMARY KEY (engine, model)
);

GRANT SELECT, INSERT, UPDATE ON engine_refusals TO verbatim_system;
