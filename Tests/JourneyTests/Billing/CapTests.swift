import Foundation
import MediaSimulator
import Postgres
import Tenancy
import TestSupport
import Testing

/// Caps on what a month's overage may cost, and on the minutes of an API key, as customers and operators see them.
@Suite struct CapTests {
    /// Jobs of 12 seconds at 4 cents a minute: 40 of them cost 32 cents and take 8 minutes. One more would cost 33.
    private static let (length, fitting, capCents, capMinutes) = (12, 40, 32, 8)

    enum Cap: String, CaseIterable {
        case overage = "overage_cap"
        case keyMinutes = "key_minutes"
    }

    private static func sell(_ deployment: Deployment) async throws {
        try await deployment.tenants.owner.execute(
            """
            INSERT INTO quota_overrides (tenant_id, monthly_minutes, overage_enabled)
            VALUES (\(deployment.tenants.example), 0, true)
            """)
    }

    private static func tone(_ deployment: Deployment) async throws -> String {
        try await Recordings.ffmpeg(
            ["-f", "lavfi", "-i", "sine=frequency=300", "-t", "\(length)", "-ar", "8000"], into: deployment.scratch,
            named: "tone.wav")
    }

    /// Submits a job until somebody answers. Nodes may be killed meanwhile, and then another one is asked. Nobody knows then whether the first
    /// one has accepted the job, so this may submit it twice.
    private static func submit(
        to customers: [Customer], _ body: (Customer) async throws -> Answer
    ) async throws -> Answer {
        var (turn, found) = (0, Answer?.none)
        try await eventually("a node answers") {
            found = try? await body(customers[turn % customers.count])
            turn += 1
            return found.map { $0.status != 503 && $0.status != 429 } ?? false
        }
        return try #require(found)
    }

    /// The events that an account's usage has had of a cap, each as often as it was written.
    private static func told(of cap: Cap, _ deployment: Deployment) async throws -> Set<String> {
        let events = try await deployment.tenants.owner.query(
            """
            SELECT event, convert_from(body, 'UTF8')::jsonb ->> 'percent',
                coalesce(convert_from(body, 'UTF8')::jsonb ->> 'of', convert_from(body, 'UTF8')::jsonb ->> 'limit')
            FROM webhook_events WHERE job_id IS NULL
            """
        ).map { row in
            let (event, percent, limit) = try row.decode(String.self, String?.self, String?.self)
            return [event.replacing("usage.", with: ""), percent, limit].compactMap(\.self).joined(separator: " ")
        }.filter { $0.hasSuffix(cap.rawValue) }
        #expect(events.count == Set(events).count, "\(events)")
        return Set(events)
    }

    @Test(arguments: Cap.allCases)
    func `three hundred simultaneous jobs on three nodes, some of unknown length, stay within a cap that fits forty`(
        _ cap: Cap
    ) async throws {
        try await Deployment.with { deployment in
            if cap == .overage { try await Self.sell(deployment) }
            let file = try await Self.tone(deployment)
            let site = try MediaSimulator([:])
            site["/tone.wav"] = .init(
                type: "audio/wav", body: [UInt8](try Data(contentsOf: URL(fileURLWithPath: file))))
            let settings = ["VERBATIM_EGRESS_ALLOW": "127.0.0.1/32"]
            var nodes: [Node] = []
            for _ in 0..<3 { nodes.append(try await deployment.start("api", settings)) }
            let worker = try await deployment.start("worker", settings)
            let key = try await deployment.tenants.issueKey(
                for: deployment.tenants.example, scopes: Set(Scope.allCases),
                monthlyMinutes: cap == .keyMinutes ? Int64(Self.capMinutes) : nil)
            var customers: [Customer] = []
            for node in nodes {
                customers.append(try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http))
            }
            let endpoint = try await customers[0].send(
                "POST", "/webhooks", json: #"{"url":"\#(site.url)/told","events":["usage.*"]}"#)
            #expect(endpoint.status == 201, "\(endpoint.text)")
            let limits = try await customers[0].send(
                "PUT", "/account/limits",
                json: cap == .overage
                    ? #"{"overage_cap_cents":\#(Self.capCents),"alert_percents":[50,100]}"#
                    : #"{"alert_percents":[50,100]}"#)
            #expect(limits.status == 200, "\(limits.text)")

            let (all, doomed) = (customers, nodes[2].process)
            let url = site.url + "/tone.wav"
            let statuses = try await withThrowingTaskGroup(of: Int?.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        let own = Array(all[(number % 3)...] + all[..<(number % 3)])
                        let answer =
                            try await number % 4 == 0
                            ? Self.submit(to: own) {
                                try await $0.send(
                                    "POST", "/jobs?accept_overage=true", json: #"{"source_url":"\#(url)"}"#)
                            } : Self.submit(to: own) { try await $0.post(file: file, query: "?accept_overage=true") }
                        if answer.status != 202 {
                            let problem = try answer.problem(402)
                            #expect(problem["limit"] as? String == cap.rawValue)
                            #expect(problem["overage_allowed"] as? Bool == false)
                        }
                        return answer.status
                    }
                }
                group.addTask {
                    try await eventually("some jobs are accepted") {
                        try await deployment.tenants.owner.query("SELECT count(*) FROM reservations")[0].decode(
                            Int.self)
                            > 10
                    }
                    doomed.kill()
                    worker.process.kill()
                    return nil
                }
                return try await group.reduce(into: [Int: Int]()) { if let status = $1 { $0[status, default: 0] += 1 } }
            }
            #expect(Set(statuses.keys) == [202, 402], "\(statuses)")

            let second = try await deployment.start("worker", settings)
            try await eventually("every job has its length") {
                try await deployment.letLeasesEnd()
                return try await deployment.tenants.owner.query(
                    """
                    SELECT count(*) FROM jobs j JOIN reservations r ON r.job_id = j.id
                    WHERE r.seconds = 0 AND j.status IN ('queued', 'processing')
                    """)[0].decode(Int.self) == 0
            }
            // Forty jobs hold or have used what the cap covers, and nothing is left for another one.
            let held = try await deployment.tenants.owner.query(
                """
                SELECT count(*), sum(seconds)::int8
                FROM (SELECT seconds FROM reservations UNION ALL SELECT seconds FROM usage) held
                """)[0].decode(Int.self, Int.self)
            #expect(held == (Self.fitting, Self.fitting * Self.length))
            let late = try await customers[0].post(file: file, query: "?accept_overage=true").problem(402)
            #expect(late["limit"] as? String == cap.rawValue)
            if cap == .keyMinutes {
                // Another key of the account may go on.
                _ = try await deployment.customer(at: nodes[0]).submit(file: file)
            }

            try await eventually("all jobs end") {
                try await deployment.tenants.owner.query("SELECT count(*) FROM reservations")[0].decode(Int.self) == 0
            }
            let failures = try await deployment.tenants.owner.query(
                "SELECT DISTINCT error_code || '/' || error_reason FROM jobs WHERE status = 'failed'"
            ).map { try $0.decode(String.self) }
            #expect(Set(failures).isSubset(of: ["quota_exceeded/\(cap.rawValue)"]))
            let usage = try await customers[0].get("/usage?group_by=key").json
            let groups = try #require(usage["groups"] as? [[String: Any]])
            let ofKey = groups.first { $0["value"] as? String == key.id.rawValue }
            #expect(ofKey?["used_seconds"] as? Int == Self.fitting * Self.length, "\(groups)")
            if cap == .overage {
                #expect(usage["used_seconds"] as? Int == Self.fitting * Self.length)
                #expect(usage["overage_amount_cents"] as? Int == Self.capCents)
                #expect(usage["overage_cap_cents"] as? Int == Self.capCents)
            }
            let thresholds = ["threshold_reached 50 overage_cap", "threshold_reached 100 overage_cap"]
            #expect(
                try await Self.told(of: cap, deployment)
                    == Set((cap == .overage ? thresholds : []) + ["limit_reached \(cap.rawValue)"]))
            let month = try #require(usage["period"] as? String)
            let verified = try await deployment.admin("usage", "verify", "--period", month)
            #expect(verified.status == 0, "\(verified.output)")
            withExtendedLifetime(second) {}
        }
    }

    @Test func `a key's minutes are a cap of their own, which rotating the key does not double`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let file = try await Self.tone(deployment)
            let admin = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            let key = try await admin.createKey(#"{"name":"trial","monthly_minutes":1}"#)
            let customer = try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 { group.addTask { try await customer.post(file: file).status } }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses == [202: 5, 402: 15])
            let rotated = try await admin.send("POST", "/keys/\(key.id)/rotate", json: "{}")
            #expect(try rotated.json["monthly_minutes"] as? Int == 1)
            let successor = try await Customer.logIn(
                apiKey: try #require(try rotated.json["api_key"] as? String), at: node, over: deployment.http)
            let refused = try await successor.post(file: file).problem(402)
            #expect(refused["limit"] as? String == "key_minutes")
            // Others of the account may go on, and so may it when its cap is gone.
            _ = try await admin.submit(file: file)
            let id = try #require(try rotated.json["key_id"] as? String)
            #expect(try await admin.send("PATCH", "/keys/\(id)", json: #"{"monthly_minutes":null}"#).status == 200)
            _ = try await successor.submit(file: file)
            for bad in ["-1", #""1""#, "100000001"] {
                let answer = try await admin.send("POST", "/keys", json: #"{"name":"x","monthly_minutes":\#(bad)}"#)
                #expect(try answer.problem(400)["field"] as? String == "monthly_minutes")
            }
        }
    }

    @Test func `customers and operators cap overage, and the smaller cap applies`() async throws {
        try await Deployment.with { deployment in
            try await Self.sell(deployment)
            let node = try await deployment.start("api")
            let admin = try await deployment.customer(scopes: Set(Scope.allCases), at: node)
            let charlie = try await deployment.customer(
                of: deployment.tenants.other, scopes: Set(Scope.allCases), at: node)
            func put(_ body: String) async throws -> Answer {
                try await admin.send("PUT", "/account/limits", json: body)
            }
            #expect(
                try await admin.get("/account/limits").text
                    == #"{"overage_cap_cents":null,"alert_percents":[50,80,100],"transcript_retention_days":null,"operator_overage_cap_cents":null}"#
            )
            #expect(try await put(#"{"overage_cap_cents":100,"alert_percents":[90,10]}"#).status == 200)
            #expect(
                try await put("{}").text
                    == #"{"overage_cap_cents":100,"alert_percents":[10,90],"transcript_retention_days":null,"operator_overage_cap_cents":null}"#
            )
            let example = deployment.tenants.example.rawValue
            let capped = try await deployment.admin(
                "quota", "set", "--tenant", example, "--overage-cap-cents", "40")
            #expect(capped.status == 0 && capped.output.contains("overage-cap-cents"), "\(capped)")
            #expect(try await admin.get("/usage").json["overage_cap_cents"] as? Int == 40)
            #expect(try await put(#"{"overage_cap_cents":41}"#).problem(400)["field"] as? String == "overage_cap_cents")
            let file = try await Self.tone(deployment)
            #expect(try await put(#"{"overage_cap_cents":0}"#).status == 200)
            let refused = try await admin.post(file: file).problem(402)
            #expect(refused["limit"] as? String == "monthly_minutes")
            #expect(
                try await admin.post(file: file, query: "?accept_overage=true").problem(402)["limit"] as? String
                    == "overage_cap")
            let freed = try await deployment.admin(
                "quota", "set", "--tenant", example, "--overage-cap-cents", "none")
            #expect(freed.status == 0, "\(freed)")
            #expect(try await put(#"{"overage_cap_cents":null}"#).json["overage_cap_cents"] is NSNull)
            #expect(try await admin.post(file: file, query: "?accept_overage=true").status == 202)
            for bad in [
                #"{"overage_cap_cents":-1}"#, #"{"overage_cap_cents":"5"}"#, #"{"alert_percents":[0]}"#,
                #"{"alert_percents":[101]}"#, #"{"alert_percents":[5,5]}"#,
                #"{"alert_percents":[1,2,3,4,5,6,7,8,9,10,11]}"#,
            ] {
                #expect(try await put(bad).problem(400)["error"] as? String == "invalid_request", "\(bad)")
            }
            #expect(try await charlie.get("/account/limits").json["overage_cap_cents"] is NSNull)
        }
    }
}
