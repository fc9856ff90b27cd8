-- Billing: the names of deleted accounts, for their statements alone. Nobody but operators reads them.
CREATE TABLE statement_names (
    tenant_id text PRIMARY KEY REFERENCES tenants,
    name      text NOT NULL CHECK (length(name) BETWEEN 1 AND 200)
);

ALTER TABLE statement_names ENABLE ROW LEVEL SECURITY;
ALTER TABLE statement_names FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON statement_names TO CURRENT_USER USING (true) WITH CHECK (true);
