import Postgres
import Tenancy

/// What a customer's `Idempotency-Key` says of a request that comes under it.
package enum IdempotencyKey: Sendable {
    /// Nobody has used it within a day: the request is to be worked on, and the key's claim to be completed or abandoned.
    case claimed(IdempotencyClaim)
    /// The first request was accepted: SHA-256 of what it asked, the job that it became, and what it was answered.
    case answered(fingerprint: [UInt8], job: JobID, answer: [UInt8])
    /// The first request is still being worked on.
    case inProgress

    /// For how long the same request gets the first answer again: 24 hours.
    package static let lifetime = Duration.seconds(24 * 3600)
    /// How long a claim holds unless it is renewed: a node that dies blocks its customer's key no longer.
    package static let lease = Duration.seconds(30)

    /// Looks at `key` and claims it when it is free.
    package static func begin(_ key: String, of tenant: TenantID, on pool: PostgresPool) async throws -> IdempotencyKey
    {
        let claim = IdempotencyClaim(tenant: tenant, key: key)
        return try await pool.transaction(of: tenant) { transaction in
            try forgetOld(of: tenant, in: transaction)
            if try claim.insert(in: transaction) { return .claimed(claim) }
            let found = try transaction.first(
                """
                SELECT fingerprint, job_id, response, coalesce(lease_until > now(), false),
                    created_at > now() - make_interval(secs => \(lifetime / .seconds(1))) FROM idempotency_keys
                WHERE tenant_id = \(tenant) AND key = \(key) FOR UPDATE
                """, as: [UInt8]?.self, JobID?.self, [UInt8]?.self, Bool.self, Bool.self)
            // Abandoned at this very moment: the customer's next try claims it.
            guard let (fingerprint, job, answer, isHeld, isRecent) = found else { return .inProgress }
            if isRecent, let fingerprint, let job, let answer {
                return .answered(fingerprint: fingerprint, job: job, answer: answer)
            }
            if isHeld { return .inProgress }
            try claim.takeOver(in: transaction)
            return .claimed(claim)
        }
    }

    /// Forgets keys whose day is over, of all tenants, also of those that send nothing any more; `limit` at most, the oldest first. Answers
    /// how many it were.
    package static func sweep(limit: Int, on pool: PostgresPool) async throws -> Int {
        try await pool.execute(
            """
            DELETE FROM idempotency_keys WHERE (tenant_id, key) IN (
                SELECT tenant_id, key FROM idempotency_keys
                WHERE created_at <= now() - make_interval(secs => \(lifetime / .seconds(1)))
                    AND (lease_until IS NULL OR lease_until <= now())
                ORDER BY created_at FOR UPDATE SKIP LOCKED LIMIT \(limit))
            """)
    }

    /// Forgets the keys under which a job was submitted.
    static func forget(_ job: JobID, of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute("DELETE FROM idempotency_keys WHERE tenant_id = \(tenant) AND job_id = \(job)")
    }

    private static func forgetOld(of tenant: TenantID, in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            DELETE FROM idempotency_keys WHERE (tenant_id, key) IN (
                SELECT tenant_id, key FROM idempotency_keys
                WHERE tenant_id = \(tenant) AND holder IS NULL
                    AND created_at <= now() - make_interval(secs => \(lifetime / .seconds(1)))
                FOR UPDATE SKIP LOCKED LIMIT 100)
            """)
    }
}

/// An idempotency key that this request holds, until it is accepted or refused.
package struct IdempotencyClaim: Sendable {
    private let tenant: TenantID
    private let key: String
    /// Tells this request from any other that may take the key over.
    private let holder = ULID().description
    /// SHA-256 of what is asked; set when it is known.
    package var fingerprint: [UInt8] = []

    fileprivate init(tenant: TenantID, key: String) {
        self.tenant = tenant
        self.key = key
    }

    private static var lease: PostgresQuery {
        "now() + make_interval(secs => \(IdempotencyKey.lease / .seconds(1)))"
    }

    fileprivate func insert(in transaction: PostgresTransaction) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO idempotency_keys (tenant_id, key, holder, lease_until)
            VALUES (\(tenant), \(key), \(holder), \(Self.lease)) ON CONFLICT DO NOTHING
            """) == 1
    }

    fileprivate func takeOver(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE idempotency_keys
            SET holder = \(holder), lease_until = \(Self.lease), created_at = now(), fingerprint = NULL, job_id = NULL,
                response = NULL
            WHERE tenant_id = \(tenant) AND key = \(key)
            """)
    }

    /// Holds the key for another while. Call it three times a lease, for as long as the request is worked on.
    package func renew(on pool: PostgresPool) async throws {
        try await pool.transaction(of: tenant) { transaction in
            _ = try transaction.execute(
                """
                UPDATE idempotency_keys SET lease_until = \(Self.lease)
                WHERE tenant_id = \(tenant) AND key = \(key) AND holder = \(holder)
                """)
        }
    }

    /// Frees the key: the request was refused, which is not remembered.
    package func abandon(on pool: PostgresPool) async throws {
        try await pool.transaction(of: tenant) { transaction in
            _ = try transaction.execute(
                "DELETE FROM idempotency_keys WHERE tenant_id = \(tenant) AND key = \(key) AND holder = \(holder)")
        }
    }

    /// Keeps the answer, in the transaction of what it tells. The day counts from now.
    func complete(_ job: JobID, answer: [UInt8], in transaction: PostgresTransaction) throws {
        let rows = try transaction.execute(
            """
            UPDATE idempotency_keys
            SET holder = NULL, lease_until = NULL, created_at = now(), fingerprint = \(fingerprint), job_id = \(job),
                response = \(answer)
            WHERE tenant_id = \(tenant) AND key = \(key) AND holder = \(holder)
            """)
        guard rows == 1 else { throw AdmissionError.keyTakenOver }
    }
}
