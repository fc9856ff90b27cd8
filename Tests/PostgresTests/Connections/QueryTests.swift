import Postgres
import TestSupport
import Testing

@Suite struct QueryTests {
    @Test func `what is interpolated becomes a bind`() {
        let hostile = "'; DROP TABLE jobs; --"
        let query: PostgresQuery = "SELECT * FROM jobs WHERE name = \(hostile) AND n > \(3)"
        #expect(query.sql == "SELECT * FROM jobs WHERE name = $1 AND n > $2")
        #expect(!query.description.contains("DROP"))
    }

    @Test func `a string literal in the braces is a value, not SQL`() {
        let query: PostgresQuery = "SELECT \("now()")"
        #expect(query.sql == "SELECT $1")
    }

    @Test func `queries inside queries are renumbered`() {
        let filter: PostgresQuery = "tenant = \(1) AND state = \("done")"
        let table = "jobs"
        let query: PostgresQuery = "SELECT \(0) FROM \(unescaped: table) WHERE \(filter) OR (\(filter)) LIMIT \(5)"
        #expect(
            query.sql
                == "SELECT $1 FROM jobs WHERE tenant = $2 AND state = $3 OR (tenant = $4 AND state = $5) LIMIT $6")
        let joined = PostgresQuery(joining: ["a = \(1)", "b", "c = \(2)"], separator: " AND ")
        #expect(joined.sql == "a = $1 AND b AND c = $2")
    }

    @Test func `an injection attempt stays data`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            try await pool.execute("CREATE TABLE names (name text)")
            for hostile in ["'; DROP TABLE names; --", "\\'; DELETE FROM names; --", "$1", "\u{1F480}\"", "{a,b}"] {
                try await pool.execute("INSERT INTO names VALUES (\(hostile))")
                let found = try await pool.query("SELECT name FROM names WHERE name = \(hostile)")
                #expect(try found.decode(String.self) == [hostile])
                let listed = try await pool.query("SELECT name FROM names WHERE name = ANY(\([hostile, hostile]))")
                #expect(try listed.decode(String.self) == [hostile])
            }
            #expect(try await pool.query("SELECT FROM names").count == 5)
        }
    }

    @Test func `random strings survive alone and in arrays`() async throws {
        try await withTestDatabase { database in
            var random = SeededGenerator(seed: 3)
            let alphabet: [Character] = ["\"", "\\", "{", "}", ",", "'", " ", "N", "ü", "\n", "🙂", "\u{301}"]
            let strings = (0..<300).map { _ in
                let length = Int.random(in: 0...8, using: &random)
                return String((0..<length).map { _ in alphabet[.random(in: alphabet.indices, using: &random)] })
            }
            let row = try #require(
                try await database.pool().query("SELECT \(strings)::text[], \(strings.joined(separator: "|"))").first)
            let (list, joined) = try row.decode([String].self, String.self)
            #expect(list == strings)
            #expect(joined == strings.joined(separator: "|"))
        }
    }

    @Test func `text with a NUL is refused before it is sent, with the server's own code`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            for query: PostgresQuery in ["SELECT \("a\0b")", "SELECT \(["a", "\0"])::text[]"] {
                let error = await #expect(throws: PostgresError.self) { try await pool.query(query) }
                #expect(error?.sqlState == "22021")
            }
        }
    }

    @Test func `more binds than the protocol counts are refused, as many as it counts are not`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            let most = PostgresQuery(joining: (1...65_535).map { "(\($0))" }, separator: ",")
            let rows = try await pool.query("SELECT count(*) FROM (VALUES \(most)) v")
            #expect(try rows.decode(Int.self) == [65_535])
            let error = await #expect(throws: PostgresError.self) {
                try await pool.query("SELECT count(*) FROM (VALUES \(most), (\(1))) v")
            }
            #expect(error?.kind == .usage)
        }
    }

    @Test func `errors carry code, constraint and table, and never a value`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            try await pool.execute(
                "CREATE TABLE people (name text CONSTRAINT people_unique UNIQUE, age int CHECK (age > 0))")
            try await pool.execute("INSERT INTO people VALUES (\("secretive"), 1)")
            let unique = await #expect(throws: PostgresError.self) {
                try await pool.execute("INSERT INTO people VALUES (\("secretive"), 1)")
            }
            #expect(unique?.sqlState == "23505")
            #expect(unique?.constraint == "people_unique")
            #expect(unique?.table == "people")
            let statements: [PostgresQuery] = [
                "INSERT INTO people VALUES (\("secretive"), -1)", "SELECT \("secretive")::int",
                "SELECT \("{secretive \"")::jsonb", "SELECT ('secretive' || \("x"))::timestamptz",
                "SELECT \("secretive")::uuid", "SELECT \(["secretive"])::int[]",
            ]
            for statement in statements {
                let error = await #expect(throws: PostgresError.self) { try await pool.execute(statement) }
                #expect(error.map { "\($0)" }?.contains("secretive") == false)
            }
        }
    }

    @Test func `affected rows are counted`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            try await pool.execute("CREATE TABLE t (n int)")
            #expect(try await pool.execute("INSERT INTO t SELECT generate_series(1, 5)") == 5)
            #expect(try await pool.execute("UPDATE t SET n = n WHERE n > \(3)") == 2)
            #expect(try await pool.execute("DELETE FROM t WHERE n = \(99)") == 0)
        }
    }
}
