-- nodes: from 0022
-- The language of a chunk, of a recording that changes between languages. Null: the job's.

ALTER TABLE chunks ADD COLUMN language text;
