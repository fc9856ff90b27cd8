import Billing
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

@Suite struct QuotaCommandTests {
    @Test func `the plan's limits show, with this month's use, in the names that machines know`() async throws {
        try await Operator.with { olga in
            let month = String(Timestamp.now().rfc3339.prefix(7))
            try await olga.tenants.owner.execute(
                """
                INSERT INTO usage_months (tenant_id, month, used_seconds, reserved_seconds)
                VALUES (\(olga.tenants.example), \(month), 754, 61), (\(olga.tenants.other), \(month), 9, 9)
                """)
            let quota = try await olga.object("quota", "show", "--tenant", olga.example)
            #expect(quota["plan"] as? String == "pro")
            #expect(quota["monthly_minutes"] as? Int == 1200)
            #expect(quota["used_seconds"] as? Int == 754)
            #expect(quota["reserved_seconds"] as? Int == 61)
            #expect(quota["concurrency"] as? Int == 20)
            #expect(quota["overage_enabled"] as? Bool == false)
            #expect(quota["queueing_enabled"] as? Bool == true)
            #expect(quota["max_file_bytes"] as? Int == 2_000_000_000)
            #expect(quota["max_duration_seconds"] as? Int == 36_000)
            #expect(quota["own"] as? [String] == [])
            #expect(quota["period"] as? String == month)
            let text = try await olga.call("quota", "show", "--tenant", olga.example).output
            #expect(text.contains("12.56 minutes used, 1.01 reserved"))
        }
    }

    @Test func `limits of an account's own go before its plan's, each by itself, until they are cleared`() async throws
    {
        try await Operator.with { olga in
            let tenant = ["--tenant", olga.example]
            let first = try await olga.call(
                ["quota", "set"] + tenant + ["--monthly-minutes", "0", "--concurrency", "3", "--overage", "on"])
            #expect(first.status == 0)
            // Neither a repeated change nor the end of a cap that there is not is recorded.
            for repeated in [["--concurrency", "3"], ["--overage", "on"], ["--overage-cap-cents", "none"]] {
                #expect(try await olga.call(["quota", "set"] + tenant + repeated).status == 0)
            }
            let all = try await olga.object(
                "quota", "set", "--tenant", olga.example, "--max-file-bytes", "5", "--max-duration-seconds", "6",
                "--queueing", "off", "--concurrency", "4")
            #expect(all["monthly_minutes"] as? Int == 0)
            #expect(all["concurrency"] as? Int == 4)
            #expect(all["overage_enabled"] as? Bool == true)
            #expect(all["queueing_enabled"] as? Bool == false)
            #expect(all["max_file_bytes"] as? Int == 5)
            #expect(all["max_duration_seconds"] as? Int == 6)
            #expect((all["own"] as? [String])?.count == 6)
            #expect(try await olga.object("quota", "show", "--tenant", olga.other)["own"] as? [String] == [])

            let some = try await olga.object(
                "quota", "clear", "--tenant", olga.example, "--only", "monthly-minutes", "queueing")
            #expect(some["monthly_minutes"] as? Int == 1200)
            #expect(some["queueing_enabled"] as? Bool == true)
            #expect(some["concurrency"] as? Int == 4)
            for _ in 1...2 {
                let none = try await olga.object("quota", "clear", "--tenant", olga.example)
                #expect(none["own"] as? [String] == [])
                #expect(none["concurrency"] as? Int == 20)
            }
            #expect(
                try await olga.audit() == [
                    #"olga | quota set | {"concurrency": "3", "monthly_minutes": "0", "overage_enabled": "true"}"#,
                    """
                    olga | quota set | {"concurrency": "4", "max_file_bytes": "5", "queueing_enabled": "false", \
                    "max_duration_seconds": "6"}
                    """,
                    #"olga | quota clear | {"monthly_minutes": "0", "queueing_enabled": "false"}"#,
                    """
                    olga | quota clear | {"concurrency": "4", "max_file_bytes": "5", "overage_enabled": "true", \
                    "max_duration_seconds": "6"}
                    """,
                ])
        }
    }

    @Test func `a limit that nothing could hold is refused, and so is none at all`() async throws {
        try await Operator.with { olga in
            let wrong: [([String], String)] = [
                ([], "at least one"), (["--monthly-minutes", "-1"], ""), (["--monthly-minutes", "1.5"], ""),
                (["--monthly-minutes", "100000001"], "from 0 to 100000000"),
                (["--max-file-bytes", "0"], "from 1 to"), (["--max-duration-seconds", "0"], "from 1 to"),
                (["--concurrency", "0"], "from 1 to 10000"), (["--concurrency", "99999999999999999999"], ""),
                (["--overage", "maybe"], "on"), (["--concurrency", "1", "--queueing", "yes"], "on"),
            ]
            for (arguments, words) in wrong {
                let result = try await olga.call(["quota", "set", "--tenant", olga.example] + arguments)
                #expect(result.status == 64, "\(arguments)")
                #expect(words.isEmpty || result.errors.contains(words), "\(arguments): \(result.errors)")
            }
            #expect(try await olga.call("quota", "clear", "--tenant", olga.example, "--only", "size").status == 64)
            #expect(try await olga.object("quota", "show", "--tenant", olga.example)["own"] as? [String] == [])
            #expect(try await olga.audit().isEmpty)
        }
    }

    @Test func `whichever limit there is has its option, its bounds, its row and its place in audit and export`()
        async throws
    {
        try await Operator.with { olga in
            for limit in Limit.allCases {
                let (option, name, bounds) = ("--\(limit.option)", limit.column.description, limit.bounds)
                for value in [bounds.lowerBound - 1, bounds.upperBound + 1] {
                    // With "=", or a value below 0 would be taken for an option.
                    let refused = try await olga.call("quota", "set", "--tenant", olga.example, "\(option)=\(value)")
                    #expect(refused.status == 64 && refused.output.isEmpty, "\(option) \(value)")
                    #expect(
                        refused.errors.contains("\(option) must be from \(bounds.lowerBound) to \(bounds.upperBound)."),
                        "\(refused.errors)")
                }
                let set = try await olga.object(
                    "quota", "set", "--tenant", olga.example, option, "\(bounds.upperBound)")
                #expect(set[name] as? Int == Int(bounds.upperBound) && set["own"] as? [String] == [name], "\(set)")
                let shown = try await olga.call("quota", "show", "--tenant", olga.example).output
                let row = shown.split(separator: "\n").first { $0.hasPrefix(limit.option) }
                #expect(row?.contains("\(bounds.upperBound)") == true && row?.hasSuffix("operator") == true, "\(shown)")
                let exported = try await olga.call("tenant", "export", olga.example).output
                #expect(exported.contains("\"\(name)\":\(bounds.upperBound)"), "\(name)")
                let cleared = try await olga.object(
                    "quota", "clear", "--tenant", olga.example, "--only", limit.option)
                #expect(cleared["own"] as? [String] == [])
                let kept = #"{"\#(name)": "\#(bounds.upperBound)"}"#
                #expect(
                    try await olga.audit().suffix(3) == [
                        "olga | quota set | \(kept)", "olga | tenant export", "olga | quota clear | \(kept)",
                    ])
            }
        }
    }

    @Test func `who sells overage on a plan that has none is told`() async throws {
        try await Operator.with(plan: .free) { olga in
            let result = try await olga.call("quota", "set", "--tenant", olga.example, "--overage", "on")
            #expect(result.status == 0)
            #expect(result.output.contains("The plan free sells no overage"))
        }
    }
}
