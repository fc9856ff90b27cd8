import JSON
import Postgres
import Tenancy

/// Who sends statements, as they say it.
package struct Seller: Sendable, Equatable {
    package var name: String
    package var address: String?
    package var taxID: String?
    package var email: String?

    package init(name: String, address: String? = nil, taxID: String? = nil, email: String? = nil) {
        self.name = name
        self.address = address
        self.taxID = taxID
        self.email = email
    }

    /// Returns the seller; nil if an operator has set none.
    package static func find(in transaction: PostgresTransaction) throws -> Seller? {
        try transaction.first(
            "SELECT name, address, tax_id, email FROM seller", as: String.self, String?.self, String?.self, String?.self
        ).map { Seller(name: $0.0, address: $0.1, taxID: $0.2, email: $0.3) }
    }

    /// Lets nobody else change the seller until the transaction ends. Operators only.
    package static func lock(in transaction: PostgresTransaction) throws {
        try transaction.execute("LOCK TABLE seller IN SHARE ROW EXCLUSIVE MODE")
    }

    /// Stores the seller, for the statements of open months. Operators only.
    package func store(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO seller (name, address, tax_id, email) VALUES (\(name), \(address), \(taxID), \(email))
            ON CONFLICT (singleton) DO UPDATE
            SET name = excluded.name, address = excluded.address, tax_id = excluded.tax_id, email = excluded.email
            """)
    }
}

/// What an operator has set for the statements of an account. Nil: nothing.
package struct BillingDetails: Sendable, Equatable {
    package var name: String?
    package var address: String?
    package var taxID: String?
    /// The customer's own, such as an order number.
    package var reference: String?

    package init(name: String? = nil, address: String? = nil, taxID: String? = nil, reference: String? = nil) {
        self.name = name
        self.address = address
        self.taxID = taxID
        self.reference = reference
    }

    package static func of(_ tenant: TenantID, in transaction: PostgresTransaction) throws -> BillingDetails {
        try transaction.first(
            "SELECT billing_name, billing_address, tax_id, reference FROM billing_details WHERE tenant_id = \(tenant)",
            as: String?.self, String?.self, String?.self, String?.self
        ).map { BillingDetails(name: $0.0, address: $0.1, taxID: $0.2, reference: $0.3) } ?? BillingDetails()
    }

    /// Stores the details. Operators only.
    package func store(for tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO billing_details (tenant_id, billing_name, billing_address, tax_id, reference)
            VALUES (\(tenant), \(name), \(address), \(taxID), \(reference))
            ON CONFLICT (tenant_id) DO UPDATE
            SET billing_name = excluded.billing_name, billing_address = excluded.billing_address,
                tax_id = excluded.tax_id, reference = excluded.reference
            """)
    }

    /// Deletes the details of deleted accounts of whose months none is open any more. Operators only.
    static func forgetOfDeleted(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM billing_details b USING tenants t
            WHERE t.id = b.tenant_id AND t.status = 'deleted' AND NOT EXISTS (
                SELECT FROM usage_months m WHERE m.tenant_id = t.id AND m.closed_at IS NULL)
            """)
    }

    /// Deletes the details of a deleted account if none of its months is open any more: statements keep their own.
    package static func forget(of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM billing_details WHERE tenant_id = \(tenant) AND NOT EXISTS (
                SELECT FROM usage_months m WHERE m.tenant_id = \(tenant) AND m.closed_at IS NULL)
            """)
    }
}

/// Seller and customer of a statement: as they were when its month was closed, or as they are now.
package struct StatementParties: Sendable, Equatable {
    /// Nil if there is none.
    package let seller: Seller?
    package let customer: Customer

    package struct Customer: Sendable, Equatable {
        package let name: String
        package let address: String?
        package let taxID: String?
        package let reference: String?
    }

    /// Returns the parties of a tenant's statement; nil if there is no such tenant. Months that were closed before parties were kept have those of
    /// now.
    package static func of(
        _ tenant: TenantID, month: BillingMonth, in transaction: PostgresTransaction
    ) throws -> StatementParties? {
        try transaction.query(
            """
            SELECT coalesce(s.seller, CASE WHEN s.tenant_id IS NULL THEN \(seller) END) AS seller,
                coalesce(s.customer, \(customer(name: "t.name"))) AS customer
            FROM tenants t LEFT JOIN billing_details b ON b.tenant_id = t.id
            LEFT JOIN statement_parties s ON s.tenant_id = t.id AND s.month = \(month)
            WHERE t.id = \(tenant)
            """
        ).first.map { row in
            let seller = try row.value("seller", JSONB?.self).map { Members($0) }
            let customer = Members(try row.value("customer", JSONB.self))
            return StatementParties(
                seller: seller.map {
                    Seller(name: $0["name"] ?? "", address: $0["address"], taxID: $0["tax_id"], email: $0["email"])
                },
                customer: Customer(
                    name: customer["name"] ?? "", address: customer["address"], taxID: customer["tax_id"],
                    reference: customer["reference"]))
        }
    }

    /// Keeps the parties of a month's statements that is being closed. Of accounts that were never billed anything, nothing is kept, so that
    /// nothing is left of them when they are deleted. Operators only.
    static func keep(
        for tenants: [TenantID], month: BillingMonth, in transaction: PostgresTransaction
    ) throws {
        try transaction.execute(
            """
            INSERT INTO statement_parties (tenant_id, month, seller, customer)
            SELECT t.id, \(month), \(seller), \(customer(name: "coalesce(n.name, t.name)"))
            FROM tenants t LEFT JOIN billing_details b ON b.tenant_id = t.id
            LEFT JOIN deleted_tenant_names n ON n.tenant_id = t.id
            WHERE t.id = ANY(\(tenants.map(\.rawValue))) AND (
                EXISTS (SELECT FROM usage WHERE tenant_id = t.id)
                OR EXISTS (SELECT FROM adjustments WHERE tenant_id = t.id))
            """)
    }

    private static let seller: PostgresQuery = """
        (SELECT jsonb_build_object('name', name, 'address', address, 'tax_id', tax_id, 'email', email) FROM seller)
        """

    private static func customer(name: PostgresQuery) -> PostgresQuery {
        """
        jsonb_build_object('name', coalesce(b.billing_name, \(name)), 'address', b.billing_address, 'tax_id', b.tax_id,
            'reference', b.reference)
        """
    }

    /// The texts of a JSON object.
    private struct Members {
        private var texts: [String: String] = [:]

        init(_ json: JSONB) {
            for member in MetadataMembers(json: json.text).members {
                if case .string(let text) = member.value { texts[member.key] = text }
            }
        }

        subscript(name: String) -> String? { texts[name] }
    }
}
