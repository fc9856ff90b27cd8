import Dispatch
import Postgres
import Synchronization
import Tenancy

extension PostgresPool {
    /// Runs `first` in a transaction, then `body` while that transaction stays open, then `last` in it.
    ///
    /// The transaction also ends if `body` throws; otherwise a failed test would wait for itself.
    ///
    /// - Parameter tenant: whose rows the transaction sees; nil: all rows, if the pool is the owner's.
    package func whileOpen<Result: Sendable>(
        of tenant: TenantID? = nil, _ first: @escaping @Sendable (PostgresTransaction) throws -> Void,
        andThen last: @escaping @Sendable (PostgresTransaction) throws -> Void = { _ in },
        _ body: () async throws -> Result
    ) async throws -> Result {
        let isOpen = Mutex(false)
        let end = DispatchSemaphore(value: 0)
        let settings = tenant.map { [(name: "verbatim.tenant", value: $0.rawValue)] } ?? []
        async let held: Void = transaction(settings: settings) { transaction in
            try first(transaction)
            isOpen.withLock { $0 = true }
            end.wait()
            try last(transaction)
        }
        do {
            try await eventually("the transaction is open") { isOpen.withLock { $0 } }
            let result = try await body()
            end.signal()
            try await held
            return result
        } catch {
            end.signal()
            throw error
        }
    }
}
