import Postgres
import Tenancy

/// Limits each account's concurrent uploads, over all nodes, to what its plan allows.
///
/// A slot is free again before the answer is sent, so that a client which sends one file after the other never blocks itself. If a node dies,
/// its slots are free when their leases end.
package struct UploadSlots: Sendable {
    /// How long a slot is held unless it is renewed.
    package static let lease = Duration.seconds(30)

    private let pool: PostgresPool
    private let renewal: Duration

    /// - Parameters:
    ///   - pool: has the role `verbatim_app`.
    ///   - renewal: how often a slot in use is renewed.
    package init(pool: PostgresPool, renewal: Duration = Self.lease / 3) {
        self.pool = pool
        self.renewal = renewal
    }

    /// Runs `body` in one of the account's slots.
    ///
    /// - Throws: ``AdmissionError/tooManyUploads(limit:)`` if the account has `limit` uploads in progress; what `body` throws.
    nonisolated(nonsending) package func hold<Value>(
        for account: TenantID, limit: Int, _ body: () async throws -> Value
    ) async throws -> Value {
        let (slot, pool, interval) = (UploadSlot(account: account), pool, renewal)
        var renewal: Task<Void, any Error>?
        do {
            // If this fails, the slot may have been taken nevertheless.
            guard try await pool.transaction(of: account, { try slot.take(limit: limit, in: $0) }) else {
                throw AdmissionError.tooManyUploads(limit: limit)
            }
            renewal = Task {
                while !Task.isCancelled {
                    try await Task.sleep(for: interval)
                    // A renewal that fails may succeed the next time.
                    try? await pool.transaction(of: account) { try slot.renew(in: $0) }
                }
            }
            let value = try await body()
            await Self.free(slot, renewal, on: pool)
            return value
        } catch AdmissionError.tooManyUploads where renewal == nil {
            throw AdmissionError.tooManyUploads(limit: limit)
        } catch {
            await Self.free(slot, renewal, on: pool)
            throw error
        }
    }

    /// Unstructured, so that the slot is freed even if the client is gone and this task cancelled. If that fails, the lease ends.
    private static func free(_ slot: UploadSlot, _ renewal: Task<Void, any Error>?, on pool: PostgresPool) async {
        renewal?.cancel()
        await Task {
            // A renewal under way would bring the slot back.
            _ = await renewal?.result
            try? await pool.transaction(of: slot.account) { try slot.free(in: $0) }
        }.value
    }
}

/// One upload in progress.
private struct UploadSlot: Sendable {
    let account: TenantID
    private let id = ULID().description

    private static var end: PostgresQuery { "now() + make_interval(secs => \(UploadSlots.lease / .seconds(1)))" }

    init(account: TenantID) { self.account = account }

    /// Returns whether there was a free slot.
    func take(limit: Int, in transaction: PostgresTransaction) throws -> Bool {
        try transaction.batch([
            // One at a time, so that two of them don't take the last slot.
            "SELECT pg_advisory_xact_lock(hashtext('verbatim.uploads.' || \(account)))",
            "DELETE FROM upload_slots WHERE tenant_id = \(account) AND lease_until <= now()",
            """
            INSERT INTO upload_slots (tenant_id, id, lease_until)
            SELECT \(account), \(id), \(Self.end)
            WHERE (SELECT count(*) FROM upload_slots WHERE tenant_id = \(account)) < \(limit)
            """,
        ]).last?.affectedRows == 1
    }

    /// Also brings back a slot that was lost: in a crash of PostgreSQL, or because it could not be renewed for a while.
    func renew(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            INSERT INTO upload_slots (tenant_id, id, lease_until) VALUES (\(account), \(id), \(Self.end))
            ON CONFLICT (tenant_id, id) DO UPDATE SET lease_until = EXCLUDED.lease_until
            """)
    }

    func free(in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM upload_slots WHERE tenant_id = \(account) AND id = \(id)")
    }
}
