import HTTPTypes
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// An account's webhook endpoints: `GET` and `POST /webhooks`, `GET`, `PATCH` and `DELETE /webhooks/{id}`, and what was sent to them.
struct WebhookRoutes: Sendable {
    let databases: Databases
    let addresses: WebhookAddress

    @Sendable
    func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let asked = try PageRequest(request, cursor: WebhookEndpointID.init(rawValue:))
        let (tenant, last) = (context.principal.tenant, asked.cursor)
        let found = try await databases.app.transaction(of: tenant) {
            try WebhookEndpoint.list(of: tenant, after: last, limit: asked.limit + 1, in: $0)
        }
        let endpoints = found.prefix(asked.limit)
        var json = JSONWriter(capacity: 256 * (endpoints.count + 1))
        json.object { json in
            json.key("webhooks")
            json.array(endpoints) { EndpointDocument(endpoint: $1).write(to: &$0) }
            json.key("next_cursor")
            json.string(found.count > asked.limit ? endpoints.last?.id.rawValue : nil)
        }
        return JSONResponse.make(json.bytes)
    }

    private struct NewEndpoint: Decodable {
        let url: String
        let events: [String]?
        let enabled: Bool?
    }

    @Sendable
    func create(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal) = (context.principal.tenant, context.principal)
        let body = try await JSONBody.decode(NewEndpoint.self, from: request)
        let events = try body.events.map(Self.patterns) ?? [.all]
        try await addresses.check(body.url, field: "url")
        let endpoint = try await Self.answering {
            try await databases.app.transaction(of: tenant) { transaction in
                let id = try WebhookEndpoint.add(
                    body.url, events: events, isEnabled: body.enabled ?? true, of: tenant, in: transaction)
                try AuditEntry(by: principal, action: "webhook create", target: id.rawValue).record(in: transaction)
                return try WebhookEndpoint.find(id, of: tenant, in: transaction)
            }
        }
        guard let endpoint else { throw APIError.internalError }
        return EndpointDocument(endpoint: endpoint).response(.created)
    }

    @Sendable
    func get(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        EndpointDocument(endpoint: try await Self.find(context, databases)).response()
    }

    /// Members that are left out, or null, stay as they are.
    private struct Change: Decodable {
        let url: String?
        let events: [String]?
        let enabled: Bool?
    }

    @Sendable
    func change(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal, id) = (context.principal.tenant, context.principal, try Self.named(context))
        let body = try await JSONBody.decode(Change.self, from: request)
        let change = WebhookEndpoint.Change(
            url: body.url, events: try body.events.map(Self.patterns), isEnabled: body.enabled)
        if let url = body.url { try await addresses.check(url, field: "url") }
        let endpoint = try await Self.answering {
            try await databases.app.transaction(of: tenant) { transaction in
                guard let old = try WebhookEndpoint.change(id, of: tenant, change, in: transaction),
                    let new = try WebhookEndpoint.find(id, of: tenant, in: transaction)
                else { throw Self.none }
                var details: [String: String] = [:]
                // The URL may hold a secret of the customer's.
                if new.url != old.url { details["url"] = "changed" }
                if new.events != old.events { details["events"] = new.events.map(\.text).joined(separator: " ") }
                if new.isEnabled != old.isEnabled { details["enabled"] = "\(new.isEnabled)" }
                if !details.isEmpty {
                    try AuditEntry(by: principal, action: "webhook change", target: id.rawValue, details: details)
                        .record(in: transaction)
                }
                return new
            }
        }
        return EndpointDocument(endpoint: endpoint).response()
    }

    @Sendable
    func remove(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal, id) = (context.principal.tenant, context.principal, try Self.named(context))
        try await databases.app.transaction(of: tenant) { transaction in
            guard try WebhookEndpoint.remove(id, of: tenant, in: transaction) else { throw Self.none }
            try AuditEntry(by: principal, action: "webhook remove", target: id.rawValue).record(in: transaction)
        }
        return Response(status: .noContent)
    }

    // MARK: what was sent

    @Sendable
    func deliveries(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let query = request.uri.queryParameters
        let (tenant, endpoint) = (context.principal.tenant, try await Self.find(context, databases))
        let filter = try query["status"].map { try Self.filter(String($0)) }
        let since = try query["since"].map { try Self.moment(String($0), field: "since") }
        let asked = try PageRequest(request, cursor: WebhookEventID.init(rawValue:))
        let found = try await databases.app.transaction(of: tenant) {
            try EndpointDelivery.list(
                of: endpoint, tenant: tenant, filter, since: since, before: asked.cursor, limit: asked.limit + 1, in: $0
            )
        }
        return EndpointDeliveriesDocument(
            deliveries: Array(found.prefix(asked.limit)), isLastPage: found.count <= asked.limit
        ).response
    }

    private struct Replay: Decodable {
        let since: String
        let until: String?
        let status: String?
    }

    /// Replays of an account, which may write many rows.
    private let replays = RateLimit("webhook replays", perMinute: 10)

    init(databases: Databases, addresses: WebhookAddress) {
        self.databases = databases
        self.addresses = addresses
    }

    @Sendable
    func replay(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal) = (context.principal.tenant, context.principal)
        let endpoint = try await Self.find(context, databases)
        let body = try await JSONBody.decode(Replay.self, from: request)
        let filter = try body.status.map(Self.filter)
        let since = try Self.moment(body.since, field: "since")
        let until = try body.until.map { try Self.moment($0, field: "until") } ?? .now()
        guard since < until else {
            throw APIError.invalidRequest("'since' must be before 'until'.", field: "since")
        }
        guard endpoint.isEnabled else {
            throw APIError(.notReady, "The endpoint is disabled. Enable it first.")
        }
        do {
            try await replays.take(tenant.rawValue, at: .now(), on: databases.app)
        } catch let error as RateLimited {
            throw APIError.rateLimited(
                "Too many replays in a minute. Try again later.", retryAfterSeconds: error.retryAfterSeconds)
        }
        // Recorded before it begins: if it breaks off, some events have been sent again.
        try await databases.app.transaction(of: tenant) { transaction in
            var details = ["since": since.rfc3339, "until": until.rfc3339]
            details["status"] = filter?.rawValue
            try AuditEntry(by: principal, action: "webhook replay", target: endpoint.id.rawValue, details: details)
                .record(in: transaction)
        }
        let count = try await EventReplay(
            of: tenant, to: endpoint, filter, since: since, until: until, on: databases.app
        ).run()
        var json = JSONWriter(capacity: 64)
        json.object { json in
            json.key("replayed")
            json.integer(count)
        }
        return JSONResponse.make(json.bytes, status: .accepted)
    }

    // MARK: requests

    /// Returns the endpoint that the path names. Throws 404 if there is none.
    static func find(_ context: AuthenticatedContext, _ databases: Databases) async throws -> WebhookEndpoint {
        let (tenant, id) = (context.principal.tenant, try named(context))
        let found = try await databases.app.transaction(of: tenant) {
            try WebhookEndpoint.find(id, of: tenant, in: $0)
        }
        guard let found else { throw none }
        return found
    }

    private static func named(_ context: AuthenticatedContext) throws -> WebhookEndpointID {
        guard let id = context.parameters.get("id").flatMap(WebhookEndpointID.init(rawValue:)) else { throw none }
        return id
    }

    private static func patterns(_ names: [String]) throws -> [EventPattern] {
        var patterns: [EventPattern] = []
        for name in names {
            guard let pattern = EventPattern(name) else {
                throw APIError.invalidRequest(
                    "'events' may name \(EventName.allCases.map(\.rawValue).joined(separator: ", ")), all of a kind such as job.*, or *.",
                    field: "events")
            }
            if !patterns.contains(pattern) { patterns.append(pattern) }
        }
        guard (1...WebhookEndpoint.mostPatterns).contains(names.count) else {
            throw APIError.invalidRequest(
                "'events' must have 1 to \(WebhookEndpoint.mostPatterns) entries.", field: "events")
        }
        return patterns
    }

    private static func filter(_ text: String) throws -> DeliveryFilter {
        guard let filter = DeliveryFilter(rawValue: text) else {
            throw APIError.invalidRequest(
                "'status' must be one of \(DeliveryFilter.allCases.map(\.rawValue).joined(separator: ", ")).",
                field: "status")
        }
        return filter
    }

    private static func moment(_ text: String, field: String) throws -> Timestamp {
        guard let moment = Timestamp(rfc3339: text) else {
            throw APIError.invalidRequest(
                "'\(field)' must be an RFC 3339 time such as 2026-11-23T09:30:00Z.", field: field)
        }
        return moment
    }

    /// Runs `body`, and turns its refusals into answers.
    static func answering<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch is WebhookEndpoint.AccountDeleted {
            throw APIError(.accountSuspended, "This account was deleted.")
        } catch is WebhookEndpoint.URLTaken {
            throw APIError(
                .endpointExists, "Another endpoint of this account has this URL.", details: ["field": .text("url")])
        } catch is WebhookEndpoint.TooMany {
            throw APIError(
                .limitReached, "An account can have \(WebhookEndpoint.most) webhook endpoints. Remove one first.",
                details: ["limit": .number(Int64(WebhookEndpoint.most))])
        }
    }

    private static let none = APIError.notFound("There is no webhook endpoint with this id.")
}
