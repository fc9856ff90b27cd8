import Postgres

extension WebhookSecrets {
    /// Returns the tenant's secrets. Creates the first one, once, even if several callers ask at the same time.
    ///
    /// - Throws: ``SealedSecretError`` if `masterKey` is not the key of the other secrets in the database.
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

    /// Returns the tenant's secrets, or nil if it has none.
    package static func find(
        of tenant: TenantID, masterKey: MasterKey, at now: Timestamp, in transaction: PostgresTransaction
    ) throws -> WebhookSecrets? {
        try find("", tenant, masterKey, now, transaction)
    }

    /// Begins a rotation. A new secret signs in addition to the current one, and replaces it after `grace`.
    ///
    /// If another rotation is in progress, its new secret is dropped. A tenant without a secret gets its first one, which signs alone immediately.
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
            SET created_at = CASE WHEN next_from <= \(now) THEN coalesce(next_created_at, created_at) ELSE created_at END,
                next_created_at = \(now), current_sealed = \(held.current.sealed(for: tenant, in: WebhookSecret.sealing, under: masterKey)),
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
