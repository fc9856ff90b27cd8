import Billing
import Egress
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `POST /jobs/estimate`: what a job would use and cost. Nothing is stored, and nothing is promised.
struct EstimateJob: Sendable {
    let databases: Databases
    let egress: EgressClient
    let policy: AddressPolicy
    /// An account's estimates by URL: each asks another server.
    private let limit = RateLimit("estimates", perMinute: 60)

    private static let durationField = "duration_seconds"
    /// A year.
    private static let durations: ClosedRange<Double> = 0...31_536_000

    init(databases: Databases, egress: EgressClient, policy: AddressPolicy) {
        self.databases = databases
        self.egress = egress
        self.policy = policy
    }

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, submitter) = (context.principal.tenant, context.principal.submitter)
        let acceptOverage = try CreateJob.acceptsOverage(request)
        let (seconds, isApproximate) = try await seconds(
            try await JSONBody.read(request, limitBytes: URLSubmission.limitBytes), tenant)
        let estimate = try await databases.app.transaction(of: tenant) { transaction in
            guard let effectiveLimits = try EffectiveLimits.of(tenant, in: transaction) else {
                throw APIError(.invalidToken, "The account of this token no longer exists.")
            }
            return (
                try JobEstimate.of(
                    seconds: seconds, tenant: tenant, submitter: submitter, effectiveLimits: effectiveLimits,
                    acceptOverage: acceptOverage, at: .now(), in: transaction),
                effectiveLimits.maxDurationSeconds
            )
        }
        return Self.answer(seconds, isApproximate, estimate.0, longest: estimate.1)
    }

    /// Returns how long the recording is, in whole seconds, rounded up, and whether that is a guess; nil if nobody can tell.
    private func seconds(_ body: [UInt8], _ tenant: TenantID) async throws -> (Int64?, isApproximate: Bool) {
        var members = try JSONMembers(body).values.filter { $0.value != .null }
        if let value = members.removeValue(forKey: Self.durationField) {
            guard case .number(let text) = value, let seconds = Double(text), Self.durations.contains(seconds) else {
                throw APIError.invalidRequest(
                    "'duration_seconds' must be a number from 0 to \(Int(Self.durations.upperBound)).",
                    field: Self.durationField)
            }
            guard members["source_url"] == nil else {
                throw APIError.invalidRequest(
                    "Name the recording's length or its URL, not both.", field: Self.durationField)
            }
            try CreateJob.requireNoTest(try URLSubmission.options(of: members))
            return (Int64(seconds.rounded(.up)), false)
        }
        guard members["source_url"] != nil else {
            throw APIError.invalidRequest(
                "Name the recording's length ('duration_seconds') or its URL ('source_url').", field: Self.durationField
            )
        }
        let submission = try URLSubmission(members: members, policy: policy)
        try CreateJob.requireNoTest(submission.options)
        do {
            try await limit.take(tenant.rawValue, at: .now(), on: databases.app)
        } catch let error as RateLimited {
            throw APIError.rateLimited(
                "Too many estimates by URL in a minute. Try again later.", retryAfterSeconds: error.retryAfterSeconds)
        }
        return (await SourceLength.guess(submission.source, over: egress), true)
    }

    private static func answer(
        _ seconds: Int64?, _ isApproximate: Bool, _ estimate: JobEstimate, longest: Int64
    ) -> Response {
        // No overage helps with that.
        let isTooLong = seconds ?? 0 > longest
        var json = JSONWriter(capacity: 384)
        json.object { json in
            json.key("seconds")
            json.integer(seconds)
            json.key("approximate")
            json.flag(isApproximate)
            json.key("left_seconds")
            json.integer(estimate.leftSeconds)
            json.key("included_seconds")
            json.integer(seconds.map { _ in estimate.includedSeconds })
            json.key("overage_seconds")
            json.integer(seconds.map { _ in estimate.overageSeconds })
            json.key("overage_cents")
            json.integer(seconds.map { _ in estimate.overageCents })
            json.key("currency")
            json.string(Money.currency)
            json.key("accepted")
            json.flag(estimate.limit == nil && !isTooLong)
            json.key("limit")
            json.string(isTooLong ? "max_duration_seconds" : estimate.limit?.rawValue)
            json.key("overage_allowed")
            json.flag(estimate.isOverageAllowed && !isTooLong)
        }
        return JSONResponse.make(json.bytes)
    }
}
