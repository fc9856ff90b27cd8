import Hummingbird
import JSON
import Postgres
import Tenancy

/// `GET /webhook-secret`, which never shows the secret, and `POST /webhook-secret/rotate`, which shows the new one once.
struct WebhookSecretRoutes: Sendable {
    private static let graceSeconds: ClosedRange<Int64> = 0...30 * 24 * 3600

    let databases: Databases
    let masterKey: MasterKey

    @Sendable
    func get(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        let state = try await databases.system.transaction {
            try WebhookSecretState.of(tenant, at: .now(), in: $0)
        }
        var json = JSONWriter(capacity: 128)
        json.object { json in
            json.key("created_at")
            json.string(state?.createdAt.rfc3339)
            json.key("rotating")
            json.flag(state?.nextFrom != nil)
            json.key("next_from")
            json.string(state?.nextFrom?.rfc3339)
        }
        return JSONResponse.make(json.bytes)
    }

    private struct Rotation: Decodable {
        let grace_seconds: Int64?
    }

    @Sendable
    func rotate(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal, masterKey) = (context.principal.tenant, context.principal, masterKey)
        let grace = try await JSONBody.decodeIfPresent(Rotation.self, from: request).grace_seconds ?? 24 * 3600
        guard Self.graceSeconds.contains(grace) else {
            throw APIError.invalidRequest(
                "'grace_seconds' must be from 0 to \(Self.graceSeconds.upperBound).", field: "grace_seconds")
        }
        try await databases.app.transaction(of: tenant) { transaction in
            try AuditEntry(by: principal, action: "webhook-secret rotate", details: ["grace": "\(grace)s"])
                .record(in: transaction)
        }
        let secrets = try await databases.system.transaction {
            try WebhookSecrets.rotate(
                of: tenant, grace: .seconds(grace), masterKey: masterKey, at: .now(), in: $0)
        }
        var json = JSONWriter(capacity: 128)
        json.object { json in
            json.key("secret")
            json.string(secrets.newest.text)
            json.key("next_from")
            json.string(secrets.nextFrom?.rfc3339)
        }
        return JSONResponse.make(json.bytes)
    }
}
