import Postgres
import Tenancy

// How an event comes back of which nobody knows what became of it. It is due again at once, and has lost neither a try nor time.
extension DeliveryQueue {
    /// Puts a try back that was broken off: it may have arrived, and is shown.
    package func interrupt(_ claim: ClaimedDelivery) async throws {
        try await databases.system.execute(
            putBack(
                """
                WHERE status = 'sending' AND tenant_id = \(claim.tenant) AND id = \(claim.event)
                    AND fence = \(claim.fence)
                FOR NO KEY UPDATE
                """))
    }

    /// Puts back a claim of which nothing was sent: as if it had never been.
    package func release(_ claim: ClaimedDelivery) async throws {
        try await databases.system.execute(
            """
            UPDATE webhook_events SET \(Self.waiting), attempt = attempt - 1
            WHERE status = 'sending' AND tenant_id = \(claim.tenant) AND id = \(claim.event) AND fence = \(claim.fence)
            """)
    }

    /// Puts back what senders were sending that stopped before they were done. Answers how many events those are.
    package func rescue() async throws -> Int {
        try await databases.system.execute(
            putBack(
                "WHERE status = 'sending' AND lease_until < now() LIMIT 1000 FOR NO KEY UPDATE SKIP LOCKED"))
    }

    private func putBack(_ which: PostgresQuery) -> PostgresQuery {
        """
        WITH broken AS (
            SELECT tenant_id, id, attempt, lease_until - make_interval(secs => \(lease / .seconds(1))) AS begun_at
            FROM webhook_events \(which)
        ), back AS (
            UPDATE webhook_events v SET \(Self.waiting)
            FROM broken b WHERE v.tenant_id = b.tenant_id AND v.id = b.id
        )
        INSERT INTO webhook_attempts (tenant_id, event_id, number, at, error)
        SELECT tenant_id, id, attempt, begun_at, \(DeliveryError.interrupted) FROM broken
        """
    }

    private static let waiting: PostgresQuery = """
        status = CASE WHEN abandoned THEN 'given_up' ELSE 'pending' END, lease_until = NULL, due = true,
        tries = greatest(tries - 1, 0), first_try = CASE WHEN tries > 1 THEN first_try END
        """
}
