import Billing
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// What is declared of each limit is so in the database and in the API's description: whichever limits there are.
@Suite struct LimitTests {
    private static func fails(_ statement: PostgresQuery, on owner: PostgresPool) async -> Bool {
        do {
            try await owner.execute(statement)
            return false
        } catch {
            return true
        }
    }

    @Test func `both tables hold a limit from its least value to its most, and nothing below`() async throws {
        try await Tenants.with(plan: .pro) { tenants in
            let example = tenants.example
            try await tenants.owner.execute("INSERT INTO quota_overrides (tenant_id) VALUES (\(example))")
            for limit in Limit.allCases {
                let column = PostgresQuery(unescaped: limit.column.description)
                for value in [limit.bounds.lowerBound, limit.bounds.upperBound] {
                    try await tenants.owner.execute("UPDATE plans SET \(column) = \(value)")
                    try await tenants.owner.execute("UPDATE quota_overrides SET \(column) = \(value)")
                }
                let below = limit.bounds.lowerBound - 1
                #expect(await Self.fails("UPDATE plans SET \(column) = \(below)", on: tenants.owner), "\(limit)")
                #expect(
                    await Self.fails("UPDATE quota_overrides SET \(column) = \(below)", on: tenants.owner), "\(limit)")
                // Every plan sets it, and no account needs one of its own.
                #expect(await Self.fails("UPDATE plans SET \(column) = NULL", on: tenants.owner), "\(limit)")
                try await tenants.owner.execute("UPDATE quota_overrides SET \(column) = NULL")
            }
        }
    }

    @Test func `a tenant's own limits and switches are set, read, cleared and forgotten, each by itself`() async throws
    {
        try await Tenants.with(plan: .pro) { tenants in
            let (owner, example, other) = (tenants.owner, tenants.example, tenants.other)
            func own(_ tenant: TenantID) async throws -> QuotaOverrides {
                try await owner.transaction { try QuotaOverrides.of(tenant, in: $0) }
            }
            func allowed() async throws -> EffectiveLimits {
                try #require(try await owner.transaction { try EffectiveLimits.of(example, in: $0) })
            }
            let planned = try await allowed()
            var expected = QuotaOverrides()
            for limit in Limit.allCases { expected.limits[limit] = limit.bounds.lowerBound + 1 }
            for flag in AccountSwitch.allCases { expected.switches[flag] = !flag.isOnByDefault }
            expected.overageCapCents = 500
            #expect(expected.values.count == QuotaOverrides.Field.allCases.count)

            // One after the other: what was set before stays.
            for limit in Limit.allCases {
                var one = QuotaOverrides()
                one.limits[limit] = expected.limits[limit]
                let change = one
                try await owner.transaction { try change.set(for: example, in: $0) }
                #expect(try await allowed().limits[limit] == limit.bounds.lowerBound + 1)
            }
            for flag in AccountSwitch.allCases {
                var one = QuotaOverrides()
                one.switches[flag] = expected.switches[flag]
                let change = one
                try await owner.transaction { try change.set(for: example, in: $0) }
                #expect(try await allowed().switches.contains(flag) != flag.isOnByDefault)
            }
            var cap = QuotaOverrides()
            cap.overageCapCents = 500
            try await owner.transaction { [cap] in try cap.set(for: example, in: $0) }
            #expect(try await allowed().overageCapCents == 500)
            #expect(try await own(example) == expected)
            #expect(try await own(other).isEmpty)

            for field in QuotaOverrides.Field.allCases {
                try await owner.transaction { try QuotaOverrides.clear([field], of: example, in: $0) }
                #expect(try await own(example).values[field] == nil, "\(field)")
            }
            #expect(try await own(example).isEmpty)
            #expect(try await allowed() == planned)

            let all = expected
            try await owner.transaction { transaction in
                try all.set(for: example, in: transaction)
                try all.set(for: other, in: transaction)
                try QuotaOverrides.forget(of: example, in: transaction)
            }
            #expect(try await owner.query("SELECT FROM quota_overrides WHERE tenant_id = \(example)").isEmpty)
            #expect(try await own(other) == expected)
        }
    }

    @Test func `the API's description knows every limit of a plan, with its least value, and no other`() throws {
        let bytes = try Data(contentsOf: URL(filePath: Checkout.root + "/openapi.json"))
        let document = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        let schemas = (document["components"] as? [String: Any])?["schemas"] as? [String: Any]
        let plan = try #require(schemas?["Plan"] as? [String: Any])
        let required = try #require(plan["required"] as? [String])
        let properties = try #require(plan["properties"] as? [String: [String: Any]])
        for limit in Limit.allCases {
            let name = limit.column.description
            #expect(required.contains(name), "\(name)")
            #expect(properties[name]?["type"] as? String == "integer", "\(name)")
            #expect((properties[name]?["minimum"] as? NSNumber)?.int64Value == limit.bounds.lowerBound, "\(name)")
        }
        // What follows from a limit is none of its own.
        let numbers = properties.filter { $0.value["type"] as? String == "integer" }.keys
        #expect(Set(numbers) == Set(Limit.allCases.map(\.column.description) + ["uploads_at_once"]))
    }

    @Test func `no two limits share a name, on the command line or elsewhere`() {
        let fields = QuotaOverrides.Field.allCases
        #expect(Set(fields.map(\.column)).count == fields.count)
        #expect(Set(fields.map(\.option)).count == fields.count)
        for option in fields.map(\.option) { #expect(option.allSatisfy { $0.isLowercase || $0 == "-" }, "\(option)") }
    }
}
