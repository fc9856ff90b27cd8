import Billing
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `GET /usage`: what a customer has used in a month, and what is left; by default in the current month. With `group_by`, also by day, key or a
/// member of the metadata, a page of groups at a time; with `interval=day`, each group day by day.
struct GetUsage: Sendable {
    let databases: Databases

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let month = try Self.month(request)
        let tenant = context.principal.tenant
        let byDay = try Self.isByDay(request)
        let grouping = try Self.grouping(request) ?? (byDay ? .day : nil)
        let page = try Self.page(request)
        let usage = try await TenantUsage.of(tenant, month: month, groupedBy: grouping, byDay: byDay, on: databases.app)
        guard let usage else { throw APIError.internalError }
        var json = JSONWriter(capacity: 1024)
        UsageDocument(month: month, usage: usage, groups: usage.groups.map(page.cut)).write(to: &json)
        return JSONResponse.make(json.bytes)
    }

    private static func grouping(_ request: Request) throws -> UsageGrouping? {
        guard let text = request.uri.queryParameters["group_by"] else { return nil }
        guard let grouping = UsageGrouping(String(text)) else {
            throw APIError.invalidRequest(
                "'group_by' must be day, key, or metadata.NAME with a name of at most \(UsageGrouping.longestName) characters.",
                field: "group_by")
        }
        return grouping
    }

    private static func isByDay(_ request: Request) throws -> Bool {
        guard let text = request.uri.queryParameters["interval"] else { return false }
        guard text == "day" else { throw APIError.invalidRequest("'interval' must be day.", field: "interval") }
        return true
    }

    private static func page(_ request: Request) throws -> UsageGroupPage {
        let asked = try PageRequest(
            request, limits: UsageGroupPage.limits, standard: UsageGroupPage.limits.upperBound,
            cursor: UsageGroupPage.value(ofCursor:))
        return UsageGroupPage(limit: asked.limit, after: asked.cursor)
    }

    private static func month(_ request: Request) throws -> BillingMonth {
        guard let text = request.uri.queryParameters["period"] else { return BillingMonth(of: .now()) }
        guard let month = BillingMonth(rawValue: String(text)) else {
            throw APIError.invalidRequest("'period' must be a month such as 2026-11.", field: "period")
        }
        return month
    }
}
