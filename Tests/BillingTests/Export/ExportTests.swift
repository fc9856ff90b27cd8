import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct ExportTests {
    @Test(arguments: [
        ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("a\nb", "\"a\nb\""),
        ("a\r\nb", "\"a\r\nb\""), (" a ", "\" a \""), ("\"\u{301}", "\"\"\"\u{301}\""),
        // What a spreadsheet would run.
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"),
        ("\rx", "\"'\rx\""),
        ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""), ("=\u{301}x", "'=\u{301}x"),
        ("a=1", "a=1"),
    ])
    func `a text is quoted where it must be, and never a formula`(text: String, field: String) {
        #expect(Array(CSV.row([.text(text)]).utf8) == Array((field + "\r\n").utf8))
    }

    @Test func `numbers stay numbers, negative ones too, and nothing is nothing`() {
        let cells: [ExportCell] = [.integer(-5), .number("-12.30"), .flag(true), .none, .integer(nil), .integer(.min)]
        #expect(CSV.row(cells) == "-5,-12.30,true,,,-9223372036854775808\r\n")
    }

    @Test func `statements have one row a line, with the period's start inside and its end outside`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 10)
            try await scene.bill(seconds: 667, acceptOverage: true)
            try await scene.adjust(LedgerScene.november, cents: -250)
            let lines = try await scene.export().split(separator: "\r\n").map(String.init)
            #expect(
                lines[0]
                    == "tenant_id,period,period_start,period_end,line,plan,included_minutes,used_seconds,used_minutes,"
                    + "overage_seconds,overage_minutes,rate_micros_per_minute,amount_cents,adjustments_cents,total_cents,"
                    + "amount,adjustments,total,currency,closed_at")
            let id = scene.tenants.example.rawValue
            #expect(
                lines.first { $0.hasPrefix(id) }
                    == id
                    + ",2026-11,2026-11-01,2026-12-01,1,pro,10,667,11.12,67,1.12,40000,4,-250,-246,0.04,-2.50,-2.46,USD,"
            )
            #expect(lines.count == 3)
        }
    }

    @Test func `the detail has one row a billed job, and columns for what customers split costs by`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 1)
            let first = try await scene.bill(
                seconds: 50, acceptOverage: true, metadata: #"{"team": "=cmd()", "cost": -1.50, "tags": ["a"]}"#)
            let cancelled = try await scene.submit(seconds: 5)
            try await scene.cancel(cancelled)
            let second = try await scene.bill(
                of: scene.tenants.other, seconds: 20, metadata: #"{"team":"b,\"c\"\u0000","urgent":true,"none":null}"#)
            let third = try await scene.bill(seconds: 20, acceptOverage: true)
            try await scene.tenants.owner.execute("DELETE FROM jobs WHERE id = \(third)")
            let lines = try await scene.detail()
            #expect(
                lines[0]
                    == "tenant_id,job_id,period,admission,submitted_at,completed_at,seconds,plan,included_seconds,"
                    + "rate_micros_per_minute,accept_overage,overage_seconds,metadata.cost,metadata.team,metadata.urgent,metadata,key_id,key_name"
            )
            func row(_ job: TestJob) -> String { lines.first { $0.contains(job.rawValue) } ?? "" }
            #expect(row(first).contains(",1,2026-11-15T12:00:00.000Z,"))
            #expect(row(first).hasSuffix(#",50,pro,60,40000,true,0,-1.50,'=cmd(),,"{""tags"":[""a""]}",,"#))
            #expect(
                row(second).hasSuffix(
                    #",20,pro,72000,40000,false,0,,"b,""c"""# + "\u{FFFD}" + #"",true,"{""none"":null}",,"#)
            )
            #expect(row(third).hasSuffix(",20,pro,60,40000,true,10,,,,,,"))
            #expect(lines.count == 4)
            #expect(try await scene.detail() == lines)
        }
    }

    @Test func `metadata is read as it was written`() {
        let text =
            #"{"a\u00e9\ud83d\ude00\n" : 1e400, "a":12345678901234567890.10 ,"b":{"c":"}\""},"a":"x","d":[],"e":false,"\ud800":"\/"}"#
        let members = MetadataMembers(json: text).members
        #expect(members.map(\.key) == ["aé😀\n", "a", "b", "a", "d", "e", "\u{FFFD}"])
        #expect(
            members.map(\.scalar) == [
                .number("1e400"), .number("12345678901234567890.10"), nil, .text("x"), nil, .flag(false), .text("/"),
            ])
        #expect(
            MetadataColumns.cells(MetadataMembers(json: text), keys: ["a", "b", "z"]).map { cell in
                if case .text(let text) = cell { text } else { "" }
            } == ["x", "", "", #"{"a\u00e9\ud83d\ude00\n":1e400,"b":{"c":"}\""},"d":[],"e":false,"\ud800":"\/"}"#])
    }

    @Test func `no text makes the reader fall over`() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<3_000 {
            let bytes = generator.bytes(
                Int.random(in: 0...30, using: &generator), of: Array(#"{}[]":,\u0dntrue1-. "#.utf8))
            _ = MetadataMembers(json: String(decoding: bytes, as: UTF8.self)).members
        }
    }

    @Test func `the fifty commonest keys have columns, in the order of their bytes, whatever order they came in`() {
        func keys(_ documents: [String]) -> [String] {
            var columns = MetadataColumns()
            for document in documents { columns.count(MetadataMembers(json: document)) }
            return columns.keys
        }
        let rare = (0..<80).map { #"{"rare\#($0)":1}"# }
        let common = [String](repeating: #"{"zone":1,"Zone":2,"nested":{}}"#, count: 3)
        let found = keys(rare + common)
        #expect(found.count == 50)
        #expect(found.first == "Zone")
        #expect(found.last == "zone")
        #expect(!found.contains("nested"))
        #expect(keys((rare + common).reversed()) == found)
    }
}
