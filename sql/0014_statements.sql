-- Plans that operators create, and what statements say of seller and customer.

ALTER TABLE plans DROP CONSTRAINT plans_name_check;
ALTER TABLE plans ADD CONSTRAINT plans_name_check CHECK (name ~ '^[a-z][a-z0-9-]{0,39}$');
-- No account can be moved to a retired plan; those that have it keep it.
ALTER TABLE plans ADD COLUMN is_retired boolean NOT NULL DEFAULT false;

-- Who sends the statements: one row, or none.
CREATE TABLE seller (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    name      text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    address   text CHECK (length(address) BETWEEN 1 AND 1000),
    tax_id    text CHECK (length(tax_id) BETWEEN 1 AND 100),
    email     text CHECK (length(email) BETWEEN 1 AND 200)
);

-- What an account's statements say of the customer. Null: nothing; the name is then the account's.
CREATE TABLE billing_details (
    tenant_id       text PRIMARY KEY REFERENCES tenants,
    billing_name    text CHECK (length(billing_name) BETWEEN 1 AND 200),
    billing_address text CHECK (length(billing_address) BETWEEN 1 AND 1000),
    tax_id          text CHECK (length(tax_id) BETWEEN 1 AND 100),
    -- The customer's own: an order number, a cost center.
    reference       text CHECK (length(reference) BETWEEN 1 AND 200)
);

-- Seller and customer of a closed month's statement, as they were when it was closed. Append-only.
CREATE TABLE statement_parties (
    tenant_id text NOT NULL,
    month     text NOT NULL,
    -- Null: there was no seller yet.
    seller    jsonb,
    customer  jsonb NOT NULL,
    PRIMARY KEY (tenant_id, month),
    FOREIGN KEY (tenant_id, month) REFERENCES usage_months (tenant_id, month)
);
-- Of months that are closed, the customers' names of now.
INSERT INTO statement_parties (tenant_id, month, customer)
SELECT m.tenant_id, m.month, jsonb_build_object(
    'name', coalesce(n.name, t.name), 'address', NULL, 'tax_id', NULL, 'reference', NULL)
FROM usage_months m JOIN tenants t ON t.id = m.tenant_id
LEFT JOIN deleted_tenant_names n ON n.tenant_id = m.tenant_id
WHERE m.closed_at IS NOT NULL AND (
    EXISTS (SELECT FROM usage u WHERE u.tenant_id = m.tenant_id)
    OR EXISTS (SELECT FROM adjustments a WHERE a.tenant_id = m.tenant_id));
CREATE TRIGGER statement_parties_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement_parties
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
