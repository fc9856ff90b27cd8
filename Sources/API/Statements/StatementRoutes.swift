import Billing
import HTTPTypes
import Hummingbird
import JSON
import Postgres
import Tenancy

/// `GET /statements` and `GET /statements/{period}`: what an account owed for each month, as JSON, CSV or a page to print.
struct StatementRoutes: Sendable {
    let databases: Databases

    @Sendable
    func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let asked = try PageRequest(request, limits: 1...120, standard: 24, cursor: BillingMonth.init(rawValue:))
        let (tenant, before) = (context.principal.tenant, asked.cursor)
        let found = try await databases.app.transaction(of: tenant, isolation: .repeatableRead) {
            try AccountStatement.list(of: tenant, before: before, limit: asked.limit + 1, in: $0)
        }
        let statements = Array(found.prefix(asked.limit))
        var json = JSONWriter(capacity: 192 * (statements.count + 1))
        json.object { json in
            json.key("statements")
            json.array(statements) { Self.write($1, to: &$0) }
            json.key("next_cursor")
            json.string(found.count > asked.limit ? statements.last?.month.rawValue : nil)
        }
        return JSONResponse.make(json.bytes)
    }

    private static func write(_ statement: Statement, to json: inout JSONWriter) {
        json.object { json in
            json.key("period")
            json.string(statement.month.rawValue)
            json.key("number")
            json.string(AccountStatement.number(of: statement))
            json.key("provisional")
            json.flag(statement.closedAt == nil)
            json.key("used_seconds")
            json.integer(statement.usedSeconds)
            json.key("total_cents")
            json.integer(statement.totalCents)
            json.key("total")
            json.string(Money.dollars(cents: statement.totalCents))
            json.key("currency")
            json.string(Money.currency)
            json.key("closed_at")
            json.string(statement.closedAt?.rfc3339)
        }
    }

    private enum Format: String, CaseIterable {
        case json, csv, html
    }

    @Sendable
    func get(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        let text = request.uri.queryParameters["format"] ?? "json"
        guard let format = Format(rawValue: String(text)) else {
            throw APIError.invalidRequest(
                "'format' must be one of \(Format.allCases.map(\.rawValue).joined(separator: ", ")).", field: "format")
        }
        guard let month = context.parameters.get("period").flatMap(BillingMonth.init(rawValue:)) else {
            throw Self.none
        }
        let found = try await databases.app.transaction(of: tenant, isolation: .repeatableRead) {
            try AccountStatement.of(tenant, month: month, in: $0)
        }
        guard let found else { throw Self.none }
        return switch format {
        case .json: StatementDocument(statement: found).response
        case .csv: Self.file(found.csv, type: "text/csv; charset=utf-8", found, "csv")
        case .html: Self.file(StatementPage(statement: found).markup, type: "text/html; charset=utf-8", found, "html")
        }
    }

    private static func file(
        _ text: String, type: String, _ statement: AccountStatement, _ ending: String
    ) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type,
                .contentDisposition: ContentDisposition.file(
                    named: "statement-\(statement.number).\(ending)", isShown: ending == "html"),
                .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            ], body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    private static let none = APIError.notFound("There is no statement for this month.")
}

extension AccountStatement {
    /// The same bytes as `verbatim-admin usage export --format csv`.
    fileprivate var csv: String {
        ([CSV.header(Statement.columnNames)] + statement.rows.map { CSV.row($0.map(\.cell)) }).joined()
    }
}
