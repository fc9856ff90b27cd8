-- The audit log also has what customers change through the API, with the key that did it.
ALTER TABLE audit_log ALTER COLUMN operator DROP NOT NULL;
ALTER TABLE audit_log ADD COLUMN key_id text;
ALTER TABLE audit_log ADD CONSTRAINT audit_log_author_check CHECK (num_nonnulls(operator, key_id) = 1);
