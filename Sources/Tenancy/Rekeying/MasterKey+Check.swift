import Postgres

extension MasterKey {
    /// Throws ``SealedSecretError`` when what lies sealed in the database was sealed under another key: whoever goes on would make
    /// secrets that nobody else can open. A database without secrets is anybody's.
    ///
    /// `rekey` seals all anew in one transaction, so that one secret tells of all.
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
