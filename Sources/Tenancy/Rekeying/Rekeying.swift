import Postgres

/// The result of a change of the master key for one column of secrets.
package struct Rekeying: Sendable, Equatable {
    /// `table.column`.
    package let name: String
    /// How many secrets were encrypted with the new key.
    package let resealed: Int
    /// How many were already encrypted with the new key.
    package let left: Int

    /// Decrypts every secret in the database with `previous` and encrypts it with `current`. Safe to repeat. Operators only.
    ///
    /// - Throws: ``RekeyingError`` if neither key decrypts a secret. The caller must then roll the transaction back.
    package static func run(
        from previous: MasterKey, to current: MasterKey, in transaction: PostgresTransaction
    ) throws -> [Rekeying] {
        try SealedColumn.all.map { try reseal($0, from: previous, to: current, in: transaction) }
    }

    private static func reseal(
        _ column: SealedColumn, from previous: MasterKey, to current: MasterKey, in transaction: PostgresTransaction
    ) throws -> Rekeying {
        let (table, id, name) = (column.table, column.id, column.column)
        // Readers go on. Writers wait, so that no secret is added unseen.
        try transaction.execute("LOCK TABLE \(unescaped: table) IN SHARE ROW EXCLUSIVE MODE")
        let rows = try transaction.all(
            """
            SELECT \(unescaped: id), \(unescaped: name) FROM \(unescaped: table)
            WHERE \(unescaped: name) IS NOT NULL ORDER BY 1
            """, as: String.self, [UInt8].self)
        var resealed = 0
        for (row, sealed) in rows {
            let purpose = column.purpose(row)
            if (try? current.open(sealed, for: purpose)) != nil { continue }
            guard let plain = try? previous.open(sealed, for: purpose) else {
                throw RekeyingError(row: "\(table) \(row)")
            }
            try transaction.execute(
                """
                UPDATE \(unescaped: table) SET \(unescaped: name) = \(try current.seal(plain, for: purpose))
                WHERE \(unescaped: id) = \(row)
                """)
            resealed += 1
        }
        return Rekeying(name: "\(table).\(name)", resealed: resealed, left: rows.count - resealed)
    }
}

package struct RekeyingError: Error, Equatable, CustomStringConvertible {
    let row: String

    package var description: String {
        "Neither VERBATIM_MASTER_KEY nor VERBATIM_MASTER_KEY_PREVIOUS opens the secret of \(row); nothing was changed."
    }
}

extension SealedColumn {
    /// All columns with secrets. List new ones here, or `rekey` skips them.
    static let all = [SigningKey.sealing, ProvenanceKey.sealing, WebhookSecret.sealing, WebhookSecret.sealingNext]
}

extension MasterKey {
    /// Throws ``SealedSecretError`` if the secrets in the database are encrypted with another key. A process that went on would store secrets
    /// that the other nodes cannot decrypt. If the database has no secrets, any key is right.
    ///
    /// Checking one secret is enough, because `rekey` encrypts all of them again in one transaction.
    package func requireRight(in transaction: PostgresTransaction) throws {
        for column in SealedColumn.all {
            let sealed = try transaction.first(
                """
                SELECT \(unescaped: column.id), \(unescaped: column.column) FROM \(unescaped: column.table)
                WHERE \(unescaped: column.column) IS NOT NULL LIMIT 1
                """, as: String.self, [UInt8].self)
            guard let (row, secret) = sealed else { continue }
            _ = try open(secret, for: column.purpose(row))
            return
        }
    }
}
