import Postgres
import Tenancy
import TestSupport
import Testing

/// Very many sessions: what ends them touches few rows, and there are no more than so many.
@Suite struct SessionBoundTests {
    /// Adds sessions of a key, the first the oldest; answers nothing, for nobody holds their tokens.
    private static func add(
        _ count: Int, to key: IssuedKey, _ scene: AuthenticationScene, family: String? = nil, rotated: Bool = false
    ) async throws {
        let (tenant, id, now) = (scene.tenants.example, key.id, scene.clock.now())
        let seed = "\(id) \(rotated)"
        try await scene.tenants.owner.execute(
            """
            INSERT INTO refresh_tokens (tenant_id, key_id, token_hash, family, created_at, expires_at, rotated_at)
            SELECT \(tenant), \(id), hash, coalesce(decode(\(family), 'hex'), hash),
                \(now) - make_interval(secs => \(count) - n), \(now) + interval '29 days',
                CASE WHEN \(rotated) THEN \(now) END
            FROM (SELECT n, sha256((\(seed)::text || n)::bytea) AS hash FROM generate_series(1, \(count)) n) made
            """)
    }

    private static func count(_ scene: AuthenticationScene, of key: IssuedKey) async throws -> Int {
        try await scene.tenants.owner.query("SELECT count(*) FROM refresh_tokens WHERE key_id = \(key.id)").decode(
            Int.self)[0]
    }

    /// Rows of each table that `body` changed or removed.
    private static func touched(
        _ scene: AuthenticationScene, _ body: @escaping @Sendable (PostgresTransaction) throws -> Void
    ) async throws -> [String: Int] {
        try await scene.tenants.owner.transaction { transaction in
            try body(transaction)
            let rows = try transaction.all(
                """
                SELECT relname::text, n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables
                WHERE n_tup_upd + n_tup_del > 0
                """, as: String.self, Int.self)
            return Dictionary(uniqueKeysWithValues: rows.map { ($0.0, $0.1) })
        }
    }

    @Test func `revoking a key with two hundred thousand sessions touches one row, and ends them all`() async throws {
        try await AuthenticationScene.run { scene in
            let (key, other) = (
                try await scene.tenants.issueKey(for: scene.tenants.example),
                try await scene.tenants.issueKey(for: scene.tenants.example)
            )
            let (mine, others) = (try await scene.logIn(key.text), try await scene.logIn(other.text))
            try await Self.add(200_000, to: key, scene)
            try await scene.tenants.owner.execute("ANALYZE refresh_tokens")
            let touched = try await Self.touched(scene) {
                let record = try #require(try APIKeyRecord.lock(key.id, in: $0))
                try record.revoke(in: $0)
            }
            #expect(touched == ["api_keys": 1])
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(mine.refreshToken)
            }
            let revocations = Revocations(pool: scene.tenants.databases.system)
            let principal = try await scene.tokens.verify(mine.accessToken)
            await #expect(throws: AccessRefusal.keyIsOver) { try await revocations.check(principal) }

            // A run takes its share, and the next ones the rest.
            let sweep = SessionSweep(pool: scene.tenants.databases.system)
            #expect(try await sweep.run() == SessionSweep.batch * SessionSweep.steps)
            while try await sweep.run() > 0 {}
            #expect(try await Self.count(scene, of: key) == 0)
            #expect(try await Self.count(scene, of: other) == 1)
            _ = try await scene.authenticator.refresh(others.refreshToken)
        }
    }

    @Test func `a look for what ended reads an index, however many sessions there are`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            try await Self.add(50_000, to: key, scene)
            try await scene.tenants.owner.execute("ANALYZE refresh_tokens")
            try await scene.authenticator.revoke(session.refreshToken)
            let reads = try await scene.tenants.databases.system.transaction { transaction in
                let query: PostgresQuery = """
                    SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
                    WHERE relname = 'refresh_tokens'
                    """
                let before = try transaction.first(query, as: Int.self) ?? 0
                let look = try Revocations.Look.take(since: nil, in: transaction)
                #expect(look.sessions.count == 1)
                return (try transaction.first(query, as: Int.self) ?? 0) - before
            }
            #expect(reads <= 10)
        }
    }

    @Test func `a sweep that finds nothing reads next to nothing, however many sessions and ended keys there are`()
        async throws
    {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            try await Self.add(50_000, to: key, scene)
            let tenant = scene.tenants.example
            try await scene.tenants.owner.execute(
                """
                INSERT INTO api_keys (tenant_id, id, name, scopes, secret_hash, revoked_at)
                SELECT \(tenant), lpad(n::text, 12, '0'), 'old', '{jobs:read}', '$argon2id$', now() FROM generate_series(1, 300) n
                """)
            // Whose last tokens are over, and swept by that.
            try await scene.tenants.owner.execute(
                """
                INSERT INTO api_keys (tenant_id, id, name, scopes, secret_hash, revoked_at, expires_at)
                SELECT \(tenant), lpad(n::text, 12, '0'), 'ancient', '{jobs:read}', '$argon2id$',
                    CASE WHEN n % 2 = 0 THEN now() - interval '40 days' END,
                    CASE WHEN n % 2 = 1 THEN now() - interval '40 days' END
                FROM generate_series(1000, 20000) n
                """)
            try await scene.tenants.owner.execute("ANALYZE refresh_tokens, api_keys")
            let database = scene.tenants.databases.system
            let reads = try await database.transaction { transaction in
                let query: PostgresQuery = """
                    SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
                    WHERE relname = 'refresh_tokens'
                    """
                let before = try transaction.first(query, as: Int.self) ?? 0
                let keys: PostgresQuery = """
                    SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
                    WHERE relname = 'api_keys'
                    """
                let keysBefore = try transaction.first(keys, as: Int.self) ?? 0
                for step in SessionSweep.removals { #expect(try transaction.execute(step) == 0) }
                #expect((try transaction.first(keys, as: Int.self) ?? 0) - keysBefore <= 310)
                return (try transaction.first(query, as: Int.self) ?? 0) - before
            }
            #expect(reads <= 10)
        }
    }

    @Test func `ending a session of twenty thousand tokens touches one row`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            let family = try await scene.tenants.owner.query("SELECT encode(family, 'hex') FROM refresh_tokens").decode(
                String.self)[0]
            try await Self.add(20_000, to: key, scene, family: family, rotated: true)
            let owner = Authenticator(
                databases: scene.tenants.databases, argon2: scene.argon2, tokens: scene.tokens, clock: scene.clock.now)
            #expect(try await owner.revoke(session.refreshToken))
            let changed = try await scene.tenants.owner.query(
                "SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NOT NULL"
            ).decode(Int.self)
            #expect(changed == [1])
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(session.refreshToken)
            }
            // A day later they go, the one that stands for all of them last.
            let sweep = SessionSweep(pool: scene.tenants.databases.system)
            #expect(try await sweep.run() == 0)
            try await scene.tenants.owner.execute(
                "UPDATE refresh_tokens SET revoked_at = now() - interval '25 hours' WHERE revoked_at IS NOT NULL")
            #expect(try await sweep.run() == 20_001)
        }
    }

    @Test func `a key has ten thousand live sessions at most, and the oldest goes first`() async throws {
        try await AuthenticationScene.run { scene in
            let (key, other) = (
                try await scene.tenants.issueKey(for: scene.tenants.example),
                try await scene.tenants.issueKey(for: scene.tenants.example)
            )
            let oldest = try await scene.logIn(key.text)
            let others = try await scene.logIn(other.text)
            scene.clock.advance(by: .seconds(20_000))
            try await Self.add(RefreshToken.sessionsPerKey - 2, to: key, scene)
            let next = try await scene.logIn(key.text)
            #expect(try await Self.count(scene, of: key) == RefreshToken.sessionsPerKey)
            _ = try await scene.authenticator.refresh(oldest.refreshToken)

            let last = try await scene.logIn(key.text)
            #expect(try await Self.count(scene, of: key) == RefreshToken.sessionsPerKey)
            await #expect(throws: AuthenticationError.invalidRefreshToken) {
                try await scene.authenticator.refresh(oldest.refreshToken)
            }
            for session in [next, last, others] { _ = try await scene.authenticator.refresh(session.refreshToken) }
        }
    }

    @Test func `what a key has too much of from before goes in small steps`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            try await Self.add(RefreshToken.sessionsPerKey + 250, to: key, scene)
            var counts: [Int] = []
            for _ in 0..<4 {
                _ = try await scene.logIn(key.text)
                counts.append(try await Self.count(scene, of: key) - RefreshToken.sessionsPerKey)
            }
            #expect(counts == [150, 50, 0, 0])
        }
    }

    @Test func `of a session's replaced tokens so many are kept`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let session = try await scene.logIn(key.text)
            let family = try await scene.tenants.owner.query("SELECT encode(family, 'hex') FROM refresh_tokens").decode(
                String.self)[0]
            try await Self.add(RefreshToken.replacedPerSession + 50, to: key, scene, family: family, rotated: true)
            let next = try await scene.authenticator.refresh(session.refreshToken, rotate: true)
            // The first, which stands for all, and the newest.
            #expect(try await Self.count(scene, of: key) == RefreshToken.replacedPerSession + 2)
            _ = try await scene.authenticator.refresh(next.refreshToken)
        }
    }
}
