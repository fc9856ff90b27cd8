import Cryptography
import Postgres
import Tenancy

/// What to do with a request that has a certain `Idempotency-Key`.
package enum IdempotencyKey: Sendable {
    /// The key was not used within a day. Process the request, and complete or abandon the claim.
    case claimed(IdempotencyClaim)
    /// The first request was accepted. The fingerprint is the SHA-256 of what it asked for.
    case answered(fingerprint: [UInt8], job: JobID, answer: [UInt8])
    /// The first request is still being processed.
    case inProgress

    /// How long the same request gets the first answer again: 24 hours.
    package static let lifetime = Duration.seconds(24 * 3600)
    /// How long a claim holds unless it is renewed. If a node dies, its customer's key is blocked for this long.
    package static let lease = Duration.seconds(30)

    /// Returns the key under which a test key's requests are remembered: never that of a live key's request.
    package static func forTests(_ key: String) -> String {
        "test " + SHA256.hash(Array(key.utf8)).hexadecimal
    }

    /// Looks up `key`, and claims it for `submitter` if it is free.
    package static func begin(
        _ key: String, of tenant: TenantID, by submitter: Submitter, on pool: PostgresPool
    ) async throws -> IdempotencyKey {
        let claim = IdempotencyClaim(tenant: tenant, key: key, submitter: submitter)
        return try await pool.transaction(of: tenant) { transaction in
            try forgetOld(of: tenant, in: transaction)
            if try claim.insert(in: transaction) { return .claimed(claim) }
            let found = try transaction.first(
                """
                SELECT fingerprint, job_id, response, coalesce(lease_until > now(), false),
                    created_at > now() - make_interval(secs => \(lifetime / .seconds(1))) FROM idempotency_keys
                WHERE tenant_id = \(tenant) AND key = \(key) FOR UPDATE
                """, as: [UInt8]?.self, JobID?.self, [UInt8]?.self, Bool.self, Bool.self)
            // It was abandoned just now. The customer's next request claims it.
            guard let (fingerprint, job, answer, isHeld, isRecent) = found else { return .inProgress }
            if isRecent, let fingerprint, let job, let answer {
                return .answered(fingerprint: fingerprint, job: job, answer: answer)
            }
            if isHeld { return .inProgress }
            try claim.takeOver(in: transaction)
            return .claimed(claim)
        }
    }

    /// Deletes expired keys of all tenants, at most `limit`, the oldest first. Returns how many were deleted.
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

    /// Deletes the keys with which a job was submitted.
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

/// An idempotency key that this request holds until it is accepted or rejected.
package struct IdempotencyClaim: Sendable {
    private let tenant: TenantID
    private let key: String
    /// Who sends the request.
    private let submitter: Submitter
    /// Identifies this request, because another one may take over the key.
    private let holder = ULID().description
    /// SHA-256 of what the request asks for; set when it is known.
    package var fingerprint: [UInt8] = []

    fileprivate init(tenant: TenantID, key: String, submitter: Submitter) {
        self.tenant = tenant
        self.key = key
        self.submitter = submitter
    }

    private static var lease: PostgresQuery {
        "now() + make_interval(secs => \(IdempotencyKey.lease / .seconds(1)))"
    }

    fileprivate func insert(in transaction: PostgresTransaction) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO idempotency_keys (tenant_id, key, holder, lease_until, key_id)
            VALUES (\(tenant), \(key), \(holder), \(Self.lease), \(submitter)) ON CONFLICT DO NOTHING
            """) == 1
    }

    fileprivate func takeOver(in transaction: PostgresTransaction) throws {
        try transaction.execute(
            """
            UPDATE idempotency_keys
            SET holder = \(holder), lease_until = \(Self.lease), created_at = now(), fingerprint = NULL, job_id = NULL,
                response = NULL, key_id = \(submitter)
            WHERE tenant_id = \(tenant) AND key = \(key)
            """)
    }

    /// Extends the lease. Call this three times per lease while the request is processed.
    package func renew(on pool: PostgresPool) async throws {
        try await pool.transaction(of: tenant) { transaction in
            _ = try transaction.execute(
                """
                UPDATE idempotency_keys SET lease_until = \(Self.lease)
                WHERE tenant_id = \(tenant) AND key = \(key) AND holder = \(holder)
                """)
        }
    }

    /// Frees the key, because rejected requests are not remembered.
    package func abandon(on pool: PostgresPool) async throws {
        try await pool.transaction(of: tenant) { transaction in
            _ = try transaction.execute(
                "DELETE FROM idempotency_keys WHERE tenant_id = \(tenant) AND key = \(key) AND holder = \(holder)")
        }
    }

    /// Stores the answer, in the transaction that queues the job. The 24 hours begin now.
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
