import Postgres
import TestSupport
import Testing

@Suite struct TimestampTests {
    @Test func `a moment is written with milliseconds and Z`() {
        #expect(Timestamp(milliseconds: 0).rfc3339 == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: 1_795_404_057_123).rfc3339 == "2026-11-23T03:20:57.123Z")
        #expect(Timestamp(milliseconds: -1).rfc3339 == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: -62_167_219_200_000).rfc3339 == "0000-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: 253_402_300_799_999).rfc3339 == "9999-12-31T23:59:59.999Z")
    }

    @Test(arguments: [
        ("2026-11-23T03:20:57.123Z", 1_795_404_057_123), ("2026-11-23t03:20:57z", 1_795_404_057_000),
        ("2026-11-23T05:20:57.1239999999999999999999+02:00", 1_795_404_057_123),
        ("2026-11-22T21:50:57.1-05:30", 1_795_404_057_100), ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("1970-01-01T00:00:00-00:00", 0),
    ])
    func `RFC 3339 is read with any offset`(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-11-23", "2026-11-23T03:20:57", "2026-11-23 03:20:57Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2025-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-11-23T24:00:00Z", "2026-11-23T03:60:00Z", "2026-11-23T03:20:60Z", "2026-11-23T03:20:57.Z",
        "2026-11-23T03:20:57+2:00", "2026-11-23T03:20:57+24:00", "2026-11-23T03:20:57Zx", "٢٠٢٦-11-23T03:20:57Z",
        "+2026-11-23T03:20:57Z", "-026-11-23T03:20:57Z", "2026-11-23T03:20:57+00:60",
    ])
    func `what is no moment is nil`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test func `writing and reading agree over ten thousand moments of ten thousand years`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<10_000 {
            let time = Timestamp(milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }

    @Test func `no bytes make the reader fail`() {
        var random = SeededGenerator(seed: 11)
        let alphabet = [UInt8]("0123456789-:.TZtz+ \u{ff}".utf8)
        for _ in 0..<20_000 {
            var bytes = [UInt8]("2026-11-23T03:20:57.123Z".utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: bytes.indices, using: &random)
                bytes[at] = alphabet[.random(in: alphabet.indices, using: &random)]
            }
            if let time = Timestamp(rfc3339: String(decoding: bytes, as: UTF8.self)) {
                #expect(Timestamp(rfc3339: time.rfc3339) == time)
            }
        }
    }

    @Test func `arithmetic stays at the ends instead of trapping`() {
        let time = Timestamp(milliseconds: 1000)
        #expect(time + .seconds(2) == Timestamp(milliseconds: 3000))
        #expect(time - .milliseconds(1) == Timestamp(milliseconds: 999))
        #expect(time - Timestamp(milliseconds: 400) == .milliseconds(600))
        #expect(Timestamp(milliseconds: .max) + .seconds(1) == Timestamp(milliseconds: .max))
        #expect(Timestamp(milliseconds: .min) - .seconds(1) == Timestamp(milliseconds: .min))
        #expect(time + .seconds(Int64.max) == Timestamp(milliseconds: .max))
        #expect(Timestamp(milliseconds: 1) < Timestamp(milliseconds: 2))
        #expect(!Timestamp(milliseconds: .max).rfc3339.isEmpty)
        #expect(!Timestamp(milliseconds: .min).rfc3339.isEmpty)
    }

    @Test func `PostgreSQL agrees about moments before and after its own epoch`() async throws {
        try await withTestDatabase { database in
            let pool = database.pool()
            for milliseconds: Int64 in [0, -1, 946_684_800_000, 946_684_799_999, 1_795_404_057_123, -2_000_000_000_001]
            {
                let time = Timestamp(milliseconds: milliseconds)
                let row = try #require(
                    try await pool.query(
                        """
                        SELECT \(time), extract(epoch FROM \(time))::float8 * 1000,
                            to_char(\(time) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                        """
                    ).first)
                let values = try row.decode(Timestamp.self, Double.self, String.self)
                #expect(values.0 == time)
                #expect(values.1.rounded() == Double(milliseconds))
                #expect(values.2 == time.rfc3339)
            }
            let row = try #require(
                try await pool.query("SELECT 'infinity'::timestamptz a, '1999-12-31T23:59:59.9999Z'::timestamptz b")
                    .first)
            #expect(throws: PostgresError.self) { try row.value("a", Timestamp.self) }
            #expect(try row.value("b", Timestamp.self).rfc3339 == "1999-12-31T23:59:59.999Z")
        }
    }
}
