import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// Plans that operators create, change and retire.
@Suite struct PlanCommandTests {
    @Test func `a plan is created, sold, changed for new jobs alone, and retired`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let id = deployment.tenants.example.rawValue
            func admin(_ arguments: String...) async throws -> Command.Result { try await deployment.admin(arguments) }
            let incomplete = try await admin("plan", "create", "team", "--concurrency", "3")
            #expect(incomplete.status != 0 && incomplete.errors.contains("a new plan needs all limits"))
            for name in ["Team", "9lives", "", "a plan"] {
                #expect(try await admin("plan", "retire", name).status != 0, "\(name)")
            }
            let created = try await admin(
                "plan", "create", "team", "--max-file-bytes", "1000000000", "--max-duration-seconds", "7200",
                "--concurrency",
                "3", "--monthly-minutes", "1", "--overage-micros-per-minute", "30000", "--json")
            try #require(created.status == 0, "\(created.errors)")
            #expect(
                try await admin(
                    "plan", "create", "team", "--max-file-bytes", "1", "--max-duration-seconds", "1",
                    "--concurrency", "1", "--monthly-minutes", "1"
                ).errors.contains("already"))
            #expect(try await admin("tenant", "set-plan", id, "--plan", "team").status == 0)
            #expect(
                try await admin("tenant", "set-plan", id, "--plan", "nothing").errors.contains(
                    "there is no plan nothing"))
            try await eventually("the plan is for sale") {
                try await customer.get("/plans").text.contains(#""name":"team""#)
            }
            #expect(try await customer.get("/usage").json["included_minutes"] as? Int == 1)

            // A job that was admitted keeps its terms.
            let file = try await Recordings.ffmpeg(
                ["-f", "lavfi", "-i", "sine=frequency=300", "-t", "40", "-ar", "8000"], into: deployment.scratch,
                named: "tone.wav")
            _ = try await customer.submit(file: file)
            #expect(try await customer.post(file: file).status == 402)
            #expect(
                try await admin("plan", "set", "team", "--monthly-minutes", "2", "--overage-micros-per-minute", "none")
                    .status == 0)
            _ = try await customer.submit(file: file)
            let terms = try await deployment.tenants.owner.query(
                "SELECT included_seconds, rate_micros_per_minute FROM reservations ORDER BY admission"
            ).map { try $0.decode(Int.self, Int?.self) }
            #expect(terms.map(\.0) == [60, 120] && terms.map(\.1) == [30_000, nil])
            #expect(try await admin("plan", "set", "team").errors.contains("at least one limit"))

            #expect(try await admin("plan", "retire", "team").status == 0)
            try await eventually("it is not for sale") {
                try await !customer.get("/plans").text.contains(#""name":"team""#)
            }
            let retired = try await admin("tenant", "create", "--name", "Late", "--plan", "team")
            #expect(retired.status != 0 && retired.errors.contains("retired"))
            #expect(try await customer.get("/usage").json["plan"] as? String == "team")
            let listed = try await admin("plan", "list")
            #expect(listed.output.contains("team") && listed.output.contains("retired"))
            let audit = try await admin("audit")
            for action in ["plan create", "plan set", "plan retire"] { #expect(audit.output.contains(action)) }
        }
    }
}
