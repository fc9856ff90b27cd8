import Billing
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `GET /plans`: what is for sale. Anyone may look, and caches may keep it for five minutes.
struct GetPlans: Sendable {
    private let list: PlanList

    init(databases: Databases) { list = PlanList(databases: databases) }

    @Sendable
    func handle(_ request: Request, context: PublicContext) async throws -> Response {
        let plans = try await list.plans()
        var json = JSONWriter(capacity: 1024)
        json.object { json in
            json.key("plans")
            json.array(plans) { Self.write($1, to: &$0) }
        }
        return JSONResponse.make(json.bytes, headers: [.cacheControl: "public, max-age=300"])
    }

    /// The limits of each job come first, then the month's.
    private static let order = Limit.allCases.filter { $0 != .monthlyMinutes } + [.monthlyMinutes]

    private static func write(_ plan: Plan, to json: inout JSONWriter) {
        json.object { json in
            json.key("name")
            json.string(plan.name.rawValue)
            for limit in order {
                json.key(limit.column)
                json.integer(Int(plan.limits[limit]))
                if limit == .concurrency {
                    json.key("uploads_at_once")
                    json.integer(EffectiveLimits.uploadsAtOnce(concurrency: Int(plan.limits[limit])))
                }
            }
            json.key("overage_rate_micros_per_minute")
            if let rate = plan.overageRate { json.integer(Int(rate)) } else { json.null() }
            json.key("overage_rate")
            json.string(plan.overageRate.map(Money.dollars(micros:)))
            json.key("currency")
            json.string(Money.currency)
            json.key("queue")
            json.string(plan.queuePriority == .priority ? "priority" : "normal")
        }
    }
}

/// The plans, read at most once a second, one query at a time, however often somebody asks.
private actor PlanList {
    private let databases: Databases
    private var last: (at: ContinuousClock.Instant, plans: [Plan])?
    private var look: Task<[Plan], any Error>?

    init(databases: Databases) { self.databases = databases }

    func plans() async throws -> [Plan] {
        if let last, ContinuousClock.now - last.at < .seconds(1) { return last.plans }
        if let look { return try await look.value }
        let look = Task { [databases] in
            try await databases.app.transaction { try Plan.all(in: $0).filter { !$0.isRetired } }
        }
        self.look = look
        defer { self.look = nil }
        let plans = try await look.value
        last = (.now, plans)
        return plans
    }
}
