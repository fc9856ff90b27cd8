import Postgres

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
