import Foundation
import Postgres
import TestSupport
import Testing

/// `verbatim-admin migrate`, on a database that is empty, current or too old.
@Suite struct MigrateCommandTests {
    @Test func `an empty database becomes a working one, and doing it again changes nothing`() async throws {
        try await withTestDatabase { database in
            let before = try await Operator.call(["tenant", "list"], url: database.url)
            #expect(before.status == 1)
            #expect(before.errors.contains("verbatim-admin migrate"))
            let pending = try await Operator.call(["migrate", "--status"], url: database.url)
            #expect(pending.output.contains("0001_tenancy") && pending.output.contains("pending"))
            let first = try await Operator.call(["migrate"], url: database.url)
            #expect(first.status == 0)
            #expect(first.output.contains("0003_jobs"))
            let second = try await Operator.call(["migrate"], url: database.url)
            #expect(second.output == "The schema is current.\n")
            let audit = try await database.pool().query(
                "SELECT operator, action, details->>'applied' FROM audit_log"
            ).map { try $0.decode(String.self, String.self, String.self) }
            #expect(audit.map(\.0) == ["olga"] && audit.map(\.1) == ["migrate"])
            #expect(audit.first?.2.hasPrefix("0001_tenancy, 0002_billing, ") == true)
        }
    }

    @Test func `a database from before 1.0 is left alone, and migrate, doctor and node say what to do`() async throws {
        try await Deployment.with { deployment in
            try await withTestDatabase(migrations: Checkout.migrations, waitsForPlace: false) { database in
                try await database.pool().execute(
                    """
                    UPDATE schema_migrations SET checksum = '15bac1eda0ff2e6d15bb3f539a0c773953e69e5dbb93b439fd450fb1ff2d52dc'
                    WHERE number = 1
                    """)
                let node = try await Command.run(
                    Checkout.executable("verbatim"), ["api"],
                    environment: deployment.environment.merging(["VERBATIM_DATABASE_URL": database.url]) { $1 })
                var results = [node]
                for command in [["migrate"], ["migrate", "--status"], ["tenant", "list"]] {
                    results.append(try await Operator.call(command, url: database.url))
                }
                for result in results {
                    #expect(result.status == 1)
                    #expect(
                        result.errors.contains("before 1.0") && result.errors.contains("tenant export"),
                        "\(result.errors)")
                }
                let doctor = try await Operator.call(["doctor"], url: database.url)
                #expect(
                    doctor.output.contains("FAIL   schema") && doctor.output.contains("before 1.0"), "\(doctor.output)")
            }
        }
    }
}
