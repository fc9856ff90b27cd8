import Postgres
import TestSupport
import Testing

private enum Color: String, PostgresCodable, PostgresArrayElement { case red, green }
private struct Ticket: RawRepresentable, PostgresCodable, PostgresArrayElement, Equatable { let rawValue: Int64 }

@Suite struct TypeTests {
    @Test func `every type comes back as it was bound`() async throws {
        try await withTestDatabase { database in
            let rows = try await database.pool().query(
                """
                SELECT \(true), \(Int16.min), \(Int32.max), \(Int64.min), \(Int.max), \(-0.1), \("ä'\"\\;"),
                    \([UInt8](0...255)), \(["a,b", "", "\"\\", "NULL", "ß"])::text[], \([Int64.min, 0, 7]),
                    \(String?.none), \(Int?(5)), \([Int]()), \([true, false]), \([0.5, -1])
                """)
            let values = try #require(rows.first).decode(
                Bool.self, Int16.self, Int32.self, Int64.self, Int.self, Double.self, String.self, [UInt8].self,
                [String].self, [Int64].self, String?.self, Int?.self, [Int].self, [Bool].self, [Double].self)
            #expect(values.0 == true)
            #expect(values.1 == .min)
            #expect(values.2 == .max)
            #expect(values.3 == .min)
            #expect(values.4 == .max)
            #expect(values.5 == -0.1)
            #expect(values.6 == "ä'\"\\;")
            #expect(values.7 == [UInt8](0...255))
            #expect(values.8 == ["a,b", "", "\"\\", "NULL", "ß"])
            #expect(values.9 == [.min, 0, 7])
            #expect(values.10 == nil)
            #expect(values.11 == 5)
            #expect(values.12 == [])
            #expect(values.13 == [true, false])
            #expect(values.14 == [0.5, -1])
        }
    }

    @Test func `enums and typed ids fit columns of text, of enum types and of numbers`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            try await pool.execute("CREATE TYPE color AS ENUM ('red', 'green', 'blue')")
            try await pool.execute("CREATE TABLE things (id bigint, color color, label text)")
            try await pool.execute("INSERT INTO things VALUES (\(Ticket(rawValue: 7)), \(Color.green), \(Color.red))")
            try await pool.execute("INSERT INTO things VALUES (8, 'blue', 'x')")
            let row = try #require(
                try await pool.query(
                    """
                    SELECT id, color, label, ARRAY[color] FROM things
                    WHERE color = ANY(\([Color.green])) AND id = ANY(\([Ticket(rawValue: 7)]))
                    """
                ).first)
            let values = try row.decode(Ticket.self, Color.self, Color.self, [Color].self)
            #expect(values == (Ticket(rawValue: 7), .green, .red, [.green]))
            let other = try #require(try await pool.query("SELECT color FROM things WHERE id = 8").first)
            #expect(throws: PostgresError.self) { try other.decode(Color.self) }
        }
    }

    @Test func `a string fits uuid, numeric and inet, and a uuid reads as a string`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            let id = "0f0e0d0c-0b0a-0908-0706-050403020100"
            let row = try #require(
                try await pool.query(
                    "SELECT \(id)::uuid, \("1.50")::numeric::text, host(\("10.0.0.1")::inet), \("x")::varchar(3)"
                ).first)
            let values = try row.decode(String.self, String.self, String.self, String.self)
            #expect(values == (id, "1.50", "10.0.0.1", "x"))
        }
    }

    @Test func `integers decode from any width that holds them and from no other type`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            let rows = try await pool.query(
                "SELECT 1::int2, 2::int4, 3::int8, 70000::int4 AS big, 1.5::numeric AS n, 1::float4")
            let row = try #require(rows.first)
            #expect(try row.value("int2", Int.self) == 1)
            #expect(try row.value("int4", Int64.self) == 2)
            #expect(try row.value("int8", Int16.self) == 3)
            #expect(try row.value("float4", Double.self) == 1)
            let tooBig = #expect(throws: PostgresError.self) { try row.value("big", Int16.self) }
            #expect(tooBig?.kind == .decoding(column: "big"))
            let numeric = #expect(throws: PostgresError.self) { try row.value("n", Int.self) }
            #expect(numeric?.kind == .decoding(column: "n"))
        }
    }

    @Test func `a NULL, a wrong type, a wrong count and a wrong name throw and name the column`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            let row = try #require(try await pool.query("SELECT NULL::text AS a, 5 AS \"Bee\"").first)
            let null = #expect(throws: PostgresError.self) { try row.decode(String.self, Int.self) }
            #expect(null?.kind == .decoding(column: "a"))
            let type = #expect(throws: PostgresError.self) { try row.decode(String?.self, String.self) }
            #expect(type?.kind == .decoding(column: "Bee"))
            #expect(throws: PostgresError.self) { try row.decode(String?.self) }
            #expect(throws: PostgresError.self) { try row.value("bee", Int.self) }
            #expect(try row.value("Bee") == 5)
        }
    }

    @Test func `arrays with a NULL, of two dimensions or no arrays at all are refused`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            let row = try #require(
                try await pool.query(
                    "SELECT '{1,NULL}'::int8[] a, '{{1},{2}}'::int8[] b, 5::int8 c, ''::text d, '\\x01'::bytea e"
                ).first)
            for name in ["a", "b", "c", "d", "e"] {
                #expect(throws: PostgresError.self) { try row.value(name, [Int64].self) }
                #expect(throws: PostgresError.self) { try row.value(name, [String].self) }
            }
        }
    }

    @Test func `jsonb and json keep their document`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            let document = JSONB(text: #"{"a": [1, "ü", null]}"#)
            let row = try #require(
                try await pool.query("SELECT \(document), \(document.text)::json, (\(document)->'a'->>1)").first)
            let values = try row.decode(JSONB.self, JSONB.self, String.self)
            #expect(values == (document, document, "ü"))
            await #expect(throws: PostgresError.self) { try await pool.query("SELECT \(JSONB(text: "{")) ") }
        }
    }
}
