-- Pipeline: sources that are fetched. A job that names a URL begins with a `fetch`.
ALTER TABLE tasks DROP CONSTRAINT tasks_kind_check;
ALTER TABLE tasks ADD CONSTRAINT tasks_kind_check
    CHECK (kind IN ('fetch', 'prepare', 'recognise', 'diarize', 'assemble', 'clean'));
