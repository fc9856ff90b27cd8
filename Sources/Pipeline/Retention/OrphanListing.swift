import Logging
import Postgres
import Tenancy

/// Elects the node that lists the storage. It costs a call for each thousand objects, so one node does it for all.
///
/// The node holds a lease in the row of `orphan_listing`, and renews it while it lists. If it dies, another one begins when the lease has ended.
/// A node that hangs and comes back stops at its next renewal. Until then two may list at the same time, which does no harm.
package struct OrphanListing: Sendable {
    /// The time from the end of a listing to the next one.
    package static let interval = Duration.seconds(600)
    package static let lease = Duration.seconds(120)
    private static let renewal = Duration.seconds(30)

    private let databases: Databases
    private let renewal: Duration

    /// - Parameter renewal: how often the lease is renewed.
    package init(databases: Databases, renewal: Duration = Self.renewal) {
        self.databases = databases
        self.renewal = renewal
    }

    /// Runs `list` if the next listing is due and no other node has begun it.
    ///
    /// - Returns: How long to wait before asking again.
    /// - Throws: What `list` throws. The next listing is then due after the same time as after a success.
    package func runIfDue(_ list: @escaping @Sendable () async throws -> Void) async throws -> Duration {
        let (fence, wait) = try await claim()
        guard let fence else { return wait }
        let result: Result<Void, any Error>
        do {
            try await hold(fence, while: list)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        // Unstructured, so that a node that shuts down leaves the turn to others at once.
        let isEnded = Task.isCancelled
        try await Task { try await finish(fence, next: isEnded ? .zero : Self.interval) }.value
        try result.get()
        return Self.interval
    }

    /// Returns the number of the listing that may begin; nil if none may, and how long to wait.
    private func claim() async throws -> (fence: Int64?, wait: Duration) {
        let rows = try await databases.system.query(
            """
            WITH claimed AS (
                UPDATE orphan_listing
                SET fence = fence + 1, due_at = now() + make_interval(secs => \(Self.lease.seconds))
                WHERE due_at <= now() RETURNING fence)
            SELECT (SELECT fence FROM claimed), (greatest(extract(epoch FROM due_at - now()), 0) * 1000)::int8
            FROM orphan_listing
            """)
        guard let row = rows.first else { return (nil, Self.interval) }
        let (fence, milliseconds) = try row.decode(Int64?.self, Int64.self)
        return (fence, min(.milliseconds(milliseconds), Self.interval))
    }

    private func hold(_ fence: Int64, while list: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await list() }
            group.addTask {
                while true {
                    try await Task.sleep(for: renewal)
                    try await renew(fence)
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    private func renew(_ fence: Int64) async throws {
        let count = try await databases.system.execute(
            """
            UPDATE orphan_listing SET due_at = now() + make_interval(secs => \(Self.lease.seconds))
            WHERE fence = \(fence)
            """)
        if count == 0 { throw Lost() }
    }

    private func finish(_ fence: Int64, next: Duration) async throws {
        _ = try await databases.system.execute(
            """
            UPDATE orphan_listing SET due_at = now() + make_interval(secs => \(next.seconds)) WHERE fence = \(fence)
            """)
    }

    /// Another node has taken over.
    package struct Lost: Error, CustomStringConvertible {
        package let description = "another node has taken over"
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) }
}
