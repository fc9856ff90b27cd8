import Postgres

/// What became of the secrets of one column when the master key changed.
package struct Rekeying: Sendable, Equatable {
    /// `table.column`.
    package let name: String
    /// Sealed anew.
    package let resealed: Int
    /// Under the new key already.
    package let left: Int

    /// Seals every secret in the database anew, from `previous` to `current`; safe to repeat. Operators only.
    ///
    /// Throws ``RekeyingError`` when a secret opens under neither; then the transaction must end with nothing changed.
    package static func run(
        from previous: MasterKey, to current: MasterKey, in transaction: PostgresTransaction
    ) throws -> [Rekeying] {
        try SealedColumn.all.map { try reseal($0, from: previous, to: current, in: transaction) }
    }

    private static func reseal(
        _ column: SealedColumn, from previous: MasterKey, to current: MasterKey, in transaction: PostgresTransaction
    ) throws -> Rekeying {
        let (table, id, name) = (column.table, column.id, column.column)
        // Readers go on; a writer waits, so that no secret comes in behind our back.
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
        "The secret of \(row) opens under neither VERBATIM_MASTER_KEY nor VERBATIM_MASTER_KEY_PREVIOUS; nothing was changed."
    }
}

extension SealedColumn {
    /// Every such column there is. A new one belongs here, or `rekey` leaves it behind.
    static let all = [SigningKey.sealing, WebhookSecret.sealing, WebhookSecret.sealingNext]
}
