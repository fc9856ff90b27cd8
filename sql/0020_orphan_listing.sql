-- nodes: from 0019
-- Which node lists the storage for audio that no job needs: one at a time, and as often with a thousand nodes as with one.

-- One row.
CREATE TABLE orphan_listing (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    -- The number of the last listing. A node that was given up for dead finds a larger one than its own.
    fence     bigint NOT NULL DEFAULT 0,
    -- When the next listing may begin. While a node lists, this is the end of its lease, which it renews.
    due_at    timestamptz NOT NULL DEFAULT now()
);
INSERT INTO orphan_listing DEFAULT VALUES;
