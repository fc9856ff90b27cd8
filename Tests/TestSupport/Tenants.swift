// Alice and her colleague Bob belong to one tenant. Charlie belongs to another and must never see anything of theirs.

import Logging
import Postgres
import Synchronization
import Tenancy

/// A migrated database with two tenants in it.
package struct Tenants: Sendable {
    package let database: TestDatabase
    package let databases: Databases
    package let owner: PostgresPool
    /// Alice's and Bob's tenant.
    package let example: TenantID
    /// Charlie's tenant.
    package let other: TenantID
    package let masterKey: MasterKey
    private let issued = KeyCount()

    /// - Parameter waitsForPlace: see `withTestDatabase`.
    package static func with<T: Sendable>(
        plan: PlanName = .pro, waitsForPlace: Bool = true, _ body: (Tenants) async throws -> T
    ) async throws -> T {
        try await withTestDatabase(migrations: Checkout.migrations, waitsForPlace: waitsForPlace) { database in
            let owner = database.pool()
            let (example, other) = try await owner.transaction { transaction in
                (
                    try Tenant.create(name: "Example", plan: plan, in: transaction).id,
                    try Tenant.create(name: "Other", plan: plan, in: transaction).id
                )
            }
            let tenants = Tenants(
                database: database, databases: Databases(url: database.url, size: 8, logger: Logger(label: "test")),
                owner: owner, example: example, other: other, masterKey: .zero)
            do {
                let result = try await body(tenants)
                await tenants.close()
                return result
            } catch {
                await tenants.close()
                throw error
            }
        }
    }

    /// Creates an API key for that tenant.
    package func issueKey(
        for tenant: TenantID, name: String = "test", scopes: Set<Scope> = .standard, monthlyMinutes: Int64? = nil,
        mode: KeyMode = .live
    ) async throws -> IssuedKey {
        let key =
            mode == .live
            ? try await KeyStock.shared.key(issued.next())
            : try await IssuedKey.make(mode, hashedWith: Argon2(threads: 1))
        let rules = KeyRules(scopes: scopes, monthlyMinutes: monthlyMinutes)
        try await owner.transaction { try key.store(for: tenant, name: name, rules: rules, in: $0) }
        return key
    }

    /// Creates the webhook secrets of both tenants, as an operator with the master key would.
    package func makeSecrets() async throws {
        let (tenants, key) = ([example, other], masterKey)
        try await owner.transaction { transaction in
            for tenant in tenants {
                _ = try WebhookSecrets.findOrCreate(of: tenant, masterKey: key, at: .now(), in: transaction)
            }
        }
    }

    private func close() async {
        await databases.close()
        await owner.close()
    }
}

/// Counts the keys that a database has got.
private final class KeyCount: Sendable {
    private let value = Atomic(0)

    func next() -> Int { value.add(1, ordering: .relaxed).oldValue }
}
