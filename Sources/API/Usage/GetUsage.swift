import Billing
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `GET /usage`: what a customer has used in a month, and what is left; by default in the current month.
struct GetUsage: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let month = try Self.month(request)
        let tenant = context.principal.tenant
        guard let usage = try await TenantUsage.of(tenant, month: month, on: databases.app) else {
            throw APIError.internalError
        }
        var json = JSONWriter(capacity: 1024)
        UsageDocument(month: month, usage: usage).write(to: &json)
        return JSONResponse.make(json.bytes)
    }

    private static func month(_ request: Request) throws -> BillingMonth {
        guard let text = request.uri.queryParameters["period"] else { return BillingMonth(of: .now()) }
        guard let month = BillingMonth(rawValue: String(text)) else {
            throw APIError.invalidRequest("'period' must be a month such as 2026-11.", field: "period")
        }
        return month
    }
}
