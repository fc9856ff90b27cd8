import Billing
import Postgres
import Tenancy
import TestSupport
import Testing

/// Usage by day, key and metadata. `LedgerPropertyTests` compares random months with a model.
@Suite struct UsageGroupTests {
    private static func key(_ letter: Character) throws -> APIKeyID {
        try #require(APIKeyID(rawValue: String(repeating: letter, count: 12)))
    }

    private static func bill(
        _ scene: LedgerScene, by key: APIKeyID? = nil, seconds: Int64, at now: Timestamp = LedgerScene.inNovember,
        metadata: String = "{}"
    ) async throws -> TestJob {
        let job = try await scene.submit(by: key, seconds: seconds, acceptOverage: true, at: now, metadata: metadata)
        try await scene.complete(job, seconds: seconds)
        return job
    }

    @Test func `each key, day and project has its jobs, seconds and overage`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 2)
            let (a, b) = (try Self.key("a"), try Self.key("b"))
            let later = LedgerScene.inNovember + .seconds(86_400)
            _ = try await Self.bill(scene, by: a, seconds: 100, metadata: #"{"project":"north"}"#)
            _ = try await Self.bill(scene, by: b, seconds: 50, metadata: #"{"project":"south"}"#)
            _ = try await Self.bill(scene, seconds: 10, at: later)
            _ = try await Self.bill(scene, by: a, seconds: 20, at: later, metadata: #"{"project":"north","n":1}"#)

            let keys = try await scene.groups(by: .key)
            #expect(keys.map(\.value) == [a.rawValue, b.rawValue, nil])
            #expect(keys.map(\.jobs) == [2, 1, 1])
            #expect(keys.map(\.usedSeconds) == [120, 50, 10])
            #expect(keys.map(\.overageSeconds) == [20, 30, 10])
            let days = try await scene.groups(by: .day)
            #expect(days.map(\.value) == ["2026-11-15", "2026-11-16"])
            #expect(days.map(\.usedSeconds) == [150, 30])
            #expect(days.map(\.overageSeconds) == [30, 30])
            let projects = try await scene.groups(by: .metadata("project"))
            #expect(projects.map(\.value) == ["north", "south", nil])
            #expect(projects.map(\.usedSeconds) == [120, 50, 10])
            #expect(try await scene.groups(by: .metadata("none")).map(\.value) == [nil])
            // 60 s at 4 cents a minute. Each group has a third, a half and a sixth of them.
            #expect(keys.map(\.overageCents) == [1, 2, 1])
            #expect(try await scene.usage().overageCents == 4)
            #expect(try await scene.usage().groups == nil)
            #expect(try await scene.differences() == [])
        }
    }

    @Test func `each group can be divided into days, also what has no value`() async throws {
        try await LedgerScene.with { scene in
            try await scene.allow(minutes: 2)
            let key = try Self.key("a")
            let later = LedgerScene.inNovember + .seconds(86_400)
            let first = try await Self.bill(scene, by: key, seconds: 100, metadata: #"{"project":"north"}"#)
            _ = try await Self.bill(scene, seconds: 50)
            _ = try await Self.bill(scene, by: key, seconds: 10, at: later)
            _ = try await Self.bill(scene, by: key, seconds: 20, at: later, metadata: #"{"project":"north"}"#)

            func days(by grouping: UsageGrouping) async throws -> [String: [String]] {
                let groups = try await scene.groups(by: grouping, byDay: true)
                #expect(try await scene.groups(by: grouping).map(\.overageCents) == groups.map(\.overageCents))
                return Dictionary(
                    uniqueKeysWithValues: try groups.map { group in
                        let days = try #require(group.days)
                        #expect(days.reduce(0) { $0 + $1.usedSeconds } == group.usedSeconds)
                        return (
                            group.value ?? "none",
                            days.map { "\($0.day.suffix(2)): \($0.jobs) \($0.usedSeconds) \($0.overageSeconds)" }
                        )
                    })
            }
            #expect(
                try await days(by: .key) == ["aaaaaaaaaaaa": ["15: 1 100 0", "16: 2 30 30"], "none": ["15: 1 50 30"]])
            #expect(
                try await days(by: .metadata("project"))
                    == ["north": ["15: 1 100 0", "16: 1 20 20"], "none": ["15: 1 50 30", "16: 1 10 10"]])
            #expect(
                try await days(by: .day) == ["2026-11-15": ["15: 2 150 30"], "2026-11-16": ["16: 2 30 30"]])
            try await scene.deleteMetadata(of: first)
            #expect(
                try await days(by: .metadata("project"))
                    == ["north": ["16: 1 20 20"], "none": ["15: 2 150 30", "16: 1 10 10"]])
            #expect(try await scene.groups(by: .key).allSatisfy { $0.days == nil })
            #expect(try await scene.differences() == [])
        }
    }

    @Test func `another account sees nothing of it`() async throws {
        try await LedgerScene.with { scene in
            _ = try await Self.bill(scene, by: try Self.key("a"), seconds: 100, metadata: #"{"project":"north"}"#)
            let other = scene.tenants.other
            for grouping in [UsageGrouping.day, .key, .metadata("project")] {
                let usage = try await TenantUsage.of(
                    other, month: LedgerScene.november, groupedBy: grouping, at: LedgerScene.inNovember,
                    on: scene.tenants.databases.app)
                #expect(usage?.groups == [])
            }
        }
    }

    @Test func `a deleted job has no project any more, and is still counted`() async throws {
        try await LedgerScene.with { scene in
            let first = try await Self.bill(scene, seconds: 100, metadata: #"{"project":"north","n":1}"#)
            _ = try await Self.bill(scene, seconds: 50, metadata: #"{"project":"north"}"#)
            try await scene.deleteMetadata(of: first)
            let projects = try await scene.groups(by: .metadata("project"))
            #expect(projects.map(\.value) == ["north", nil])
            #expect(projects.map(\.usedSeconds) == [50, 100])
            #expect(projects.map(\.jobs) == [1, 1])
            #expect(try await scene.groups(by: .metadata("n")).map(\.value) == [nil])
            let left = try await scene.tenants.owner.query(
                "SELECT FROM usage_sums WHERE dimension = 'metadata.n' OR jobs = 0")
            #expect(left.isEmpty)
            #expect(try await scene.differences() == [])
        }
    }

    @Test func `only short strings, numbers and booleans are values, and the first twenty of a job`() async throws {
        try await LedgerScene.with { scene in
            let long = String(repeating: "x", count: 257)
            let metadata = """
                {"s":"a","n":1e2,"t":true,"o":{"a":1},"l":[1],"z":null,"":"empty","long":"\(long)",\
                "twice":"first","twice":"last","gone":"first","gone":[],"é":"ü"}
                """
            _ = try await Self.bill(scene, seconds: 10, metadata: metadata)
            for (name, value) in [
                ("s", "a"), ("n", "1e2"), ("t", "true"), ("twice", "last"), ("é", "ü"), ("o", nil), ("l", nil),
                ("z", nil), ("long", nil), ("gone", nil),
            ] as [(String, String?)] {
                #expect(try await scene.groups(by: .metadata(name)).map(\.value) == [value], "\(name)")
            }
            let many = (0..<25).map { "\"m\($0)\":\($0)" }.joined(separator: ",")
            _ = try await Self.bill(scene, seconds: 10, metadata: "{\(many)}")
            #expect(try await scene.groups(by: .metadata("m19")).map(\.value) == ["19", nil])
            #expect(try await scene.groups(by: .metadata("m20")).map(\.value) == [nil])
            #expect(try await scene.differences() == [])
        }
    }

    @Test(arguments: [
        ("day", UsageGrouping.day), ("key", .key), ("metadata.a", .metadata("a")), ("metadata.a.b", .metadata("a.b")),
        ("metadata.é", .metadata("é")), ("", nil), ("Day", nil), ("metadata", nil), ("metadata.", nil),
        ("metadata.\(String(repeating: "x", count: 101))", nil), ("metadata.a\0", nil), ("project", nil),
    ])
    func `a grouping is named as in the API`(text: String, grouping: UsageGrouping?) {
        #expect(UsageGrouping(text) == grouping)
    }

    @Test(arguments: 0..<200)
    func `cents are divided without a rest, and nobody is off by a cent`(seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        let seconds = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
            Int64.random(in: 0...5000, using: &generator)
        }
        let rate = Int64.random(in: 0...100_000, using: &generator)
        let shares = try Money.divide(seconds: seconds, rate: rate)
        #expect(shares.reduce(0, +) == (try Money.cents(seconds: seconds.reduce(0, +), rate: rate)))
        for (share, seconds) in zip(shares, seconds) {
            let exact = seconds * rate / 600_000
            #expect((exact...exact + 1).contains(share))
            if seconds == 0 { #expect(share == 0) }
        }
    }

    @Test(arguments: [
        "UPDATE usage_sums SET seconds = seconds + 1 WHERE dimension = 'key'",
        "UPDATE usage_sums SET jobs = jobs + 1 WHERE dimension = 'day'",
        "DELETE FROM usage_sums WHERE dimension = 'day'",
        "UPDATE usage_sums SET day = '2026-11-14' WHERE dimension = 'key'",
        "UPDATE usage_sums SET day = '2026-11-14' WHERE dimension = 'metadata.project'",
        "UPDATE usage_sums SET seconds = seconds + 1 WHERE dimension = 'metadata.project'",
        "INSERT INTO usage_increases SELECT tenant_id, month, 77, admission FROM usage",
    ])
    func `verify finds a sum that differs from the records`(change: String) async throws {
        try await LedgerScene.with { scene in
            _ = try await Self.bill(scene, seconds: 100, metadata: #"{"project":"north"}"#)
            #expect(try await scene.differences() == [])
            try await scene.tenants.owner.execute(PostgresQuery(unescaped: change))
            #expect(try await scene.differences().isEmpty == false)
        }
    }
}
