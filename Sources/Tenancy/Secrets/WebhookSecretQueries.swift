import Postgres

extension WebhookSecrets {
    /// The tenant's secrets; the first one is made here, once, however many ask for it together, and only under the key that sealed
    /// what else there is: throws ``SealedSecretError``.
    package static func findOrCreate(
        of tenant: TenantID, masterKey: MasterKey, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> WebhookSecrets {
        if let found = try find(of: tenant, masterKey: masterKey, at: now, in: transaction) { return found }
        try masterKey.requireRight(in: transaction)
        let sealed = try WebhookSecret().sealed(for: tenant, in: WebhookSecret.sealing, under: masterKey)
        try transaction.execute(
            """
            INSERT INTO webhook_secrets (tenant_id, current_sealed, created_at) VALUES (\(tenant), \(sealed), \(now))
            ON CONFLICT DO NOTHING
            """)
        guard let made = try find(of: tenant, masterKey: masterKey, at: now, in: transaction) else {
            throw SealedSecretError.unreadable
        }
        return made
    }

    /// The tenant's secrets, or nil while it has none.
    package static func find(
        of tenant: TenantID, masterKey: MasterKey, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> WebhookSecrets? {
        try find("", tenant, masterKey, now, transaction)
    }

    /// Begins a rotation: a new secret signs beside the current one and takes its place after `grace`. One that was to do so before
    /// is replaced; its own time had not come. A tenant without one gets its first, which signs at once: nobody holds another.
    package static func rotate(
        of tenant: TenantID, grace: Duration, masterKey: MasterKey, at now: Timestamp,
        in transaction: PostgresTransaction
    ) throws -> WebhookSecrets {
        guard let held = try find("FOR UPDATE", tenant, masterKey, now, transaction) else {
            return try findOrCreate(of: tenant, masterKey: masterKey, at: now, in: transaction)
        }
        let new = WebhookSecret()
        try transaction.execute(
            """
            UPDATE webhook_secrets
            SET current_sealed = \(held.current.sealed(for: tenant, in: WebhookSecret.sealing, under: masterKey)),
                next_sealed = \(new.sealed(for: tenant, in: WebhookSecret.sealingNext, under: masterKey)), next_from = \(now + grace)
            WHERE tenant_id = \(tenant)
            """)
        return WebhookSecrets(current: held.current, next: new, nextFrom: now + grace, at: now)
    }

    private static func find(
        _ lock: PostgresQuery, _ tenant: TenantID, _ masterKey: MasterKey, _ now: Timestamp,
        _ transaction: PostgresTransaction
    ) throws -> WebhookSecrets? {
        try transaction.first(
            """
            SELECT current_sealed, next_sealed, next_from FROM webhook_secrets WHERE tenant_id = \(tenant) \(lock)
            """, as: [UInt8].self, [UInt8]?.self, Timestamp?.self
        ).map { current, next, nextFrom in
            WebhookSecrets(
                current: try WebhookSecret(
                    sealed: current, of: tenant, in: WebhookSecret.sealing, masterKey: masterKey),
                next: try next.map {
                    try WebhookSecret(sealed: $0, of: tenant, in: WebhookSecret.sealingNext, masterKey: masterKey)
                },
                nextFrom: nextFrom, at: now)
        }
    }
}
