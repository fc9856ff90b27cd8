import Addresses
import HTTPTypes
import Hummingbird
import JSON
import Postgres
import Tenancy

/// An account's API keys: `GET` and `POST /keys`, `PATCH` and `DELETE /keys/{id}`, `POST /keys/{id}/rotate`.
///
/// Nobody gives a key more than they may do themselves. A test key manages test keys alone, and sees no others.
struct KeyRoutes: Sendable {
    private static let longestName = 200
    private static let graceSeconds: ClosedRange<Int64> = 0...30 * 24 * 3600

    let databases: Databases
    let argon2: Argon2
    /// New keys of an account, which cost as much as logins and wait in the same line.
    private let limit = RateLimit("new keys", perMinute: 60)

    init(databases: Databases, argon2: Argon2) {
        self.databases = databases
        self.argon2 = argon2
    }

    @Sendable
    func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let asked = try PageRequest(request, cursor: APIKeyID.init(rawValue:))
        let (tenant, last) = (context.principal.tenant, asked.cursor)
        let mode: KeyMode? = context.principal.mode == .test ? .test : nil
        let found = try await databases.app.transaction(of: tenant) {
            try APIKeyRecord.newest(of: tenant, mode: mode, before: last, limit: asked.limit + 1, in: $0)
        }
        let keys = Array(found.prefix(asked.limit))
        var json = JSONWriter(capacity: 256 * (keys.count + 1))
        json.object { json in
            json.key("keys")
            json.array(keys) { KeyDocument(key: $1).write(to: &$0) }
            json.key("next_cursor")
            json.string(found.count > asked.limit ? keys.last?.id.rawValue : nil)
        }
        return JSONResponse.make(json.bytes)
    }

    private struct NewKey: Decodable {
        let name: String
        let scopes: [String]?
        let expires_at: String?
        let monthly_minutes: Int64?
        let mode: String?
        let allowed_addresses: [String]?
    }

    @Sendable
    func create(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let body = try await JSONBody.decode(NewKey.self, from: request)
        let name = try Self.name(body.name)
        // By default all that a key usually may, as far as the caller may it.
        let scopes = try Set<Scope>(requested: body.scopes ?? context.scopes.intersection(.standard).names)
        try Self.require(scopes, of: context)
        let mode = try body.mode.map(Self.mode) ?? context.principal.mode
        if mode == .live, context.principal.mode == .test { throw APIError.liveKeyRequired }
        let rules = KeyRules(
            scopes: scopes, monthlyMinutes: try body.monthly_minutes.map(Self.minutes),
            allowedAddresses: try body.allowed_addresses.flatMap(Self.addresses))
        let end = try body.expires_at.map(Self.end)
        let tenant = context.principal.tenant
        try await databases.app.transaction(of: tenant) { try Self.requireRoom(of: tenant, in: $0) }
        let new = try await issue(mode, for: tenant)
        let key = try await databases.app.transaction(of: tenant) { transaction in
            try APIKeyRecord.lockCreation(for: tenant, in: transaction)
            try Self.requireRoom(of: tenant, in: transaction)
            try new.store(for: tenant, name: name, rules: rules, expiresAt: end, in: transaction)
            try AuditEntry(
                by: context.principal, action: "key issue", target: new.id.rawValue,
                details: rules.audited().merging(["name": name, "mode": mode.rawValue]) { $1 }
            ).record(in: transaction)
            return try APIKeyRecord.find(new.id, in: transaction)
        }
        guard let key else { throw APIError.internalError }
        return Self.answer(KeyDocument(key: key, text: new.text), status: .created)
    }

    /// Members that are left out stay as they are; a null limit removes it.
    private struct Change: Decodable {
        let name: String?
        let scopes: [String]?
        let areMinutesGiven: Bool
        let monthlyMinutes: Int64?
        let areAddressesGiven: Bool
        let allowedAddresses: [String]?

        private enum Key: String, CodingKey {
            case name, scopes, monthly_minutes, allowed_addresses
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            name = try members.decodeIfPresent(String.self, forKey: .name)
            scopes = try members.decodeIfPresent([String].self, forKey: .scopes)
            areMinutesGiven = members.contains(.monthly_minutes)
            monthlyMinutes = try members.decodeIfPresent(Int64.self, forKey: .monthly_minutes)
            areAddressesGiven = members.contains(.allowed_addresses)
            allowedAddresses = try members.decodeIfPresent([String].self, forKey: .allowed_addresses)
        }
    }

    @Sendable
    func change(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, id) = try Self.named(context)
        let body = try await JSONBody.decode(Change.self, from: request)
        let name = try body.name.map(Self.name)
        let scopes = try body.scopes.map { try Set<Scope>(requested: $0) }
        if let scopes { try Self.require(scopes, of: context) }
        let minutes = try body.monthlyMinutes.map(Self.minutes)
        let addresses = try body.allowedAddresses.flatMap(Self.addresses)
        let key = try await databases.app.transaction(of: tenant) { transaction in
            let key = try Self.lockActive(id, for: context, in: transaction)
            // Where a key works, and for how much, is decided by those who could have made it.
            if body.areMinutesGiven || body.areAddressesGiven { try Self.require(key.rules.scopes, of: context) }
            var rules = key.rules
            if let scopes { rules.scopes = scopes }
            if body.areMinutesGiven { rules.monthlyMinutes = minutes }
            if body.areAddressesGiven { rules.allowedAddresses = addresses }
            try key.change(name: name ?? key.name, rules: rules, in: transaction)
            var details = rules.audited(since: key.rules)
            if let name, name != key.name { details["name"] = name }
            if !details.isEmpty {
                try AuditEntry(by: context.principal, action: "key change", target: id.rawValue, details: details)
                    .record(in: transaction)
            }
            return try APIKeyRecord.find(id, in: transaction)
        }
        guard let key else { throw Self.none }
        return Self.answer(KeyDocument(key: key))
    }

    private struct Rotation: Decodable {
        let grace_seconds: Int64?
    }

    @Sendable
    func rotate(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, id) = try Self.named(context)
        let grace = try await JSONBody.decodeIfPresent(Rotation.self, from: request).grace_seconds ?? 24 * 3600
        guard Self.graceSeconds.contains(grace) else {
            throw APIError.invalidRequest(
                "'grace_seconds' must be from 0 to \(Self.graceSeconds.upperBound).", field: "grace_seconds")
        }
        let mode = try await databases.app.transaction(of: tenant) { transaction in
            let old = try Self.lockActive(id, for: context, in: transaction)
            try Self.require(old.rules.scopes, of: context)
            return old.mode
        }
        let new = try await issue(mode, for: tenant)
        let key = try await databases.app.transaction(of: tenant) { transaction in
            let old = try Self.lockActive(id, for: context, in: transaction)
            try Self.require(old.rules.scopes, of: context)
            try new.store(for: tenant, name: old.name, rules: old.rules, in: transaction)
            let end = try old.yield(to: new.id, after: .seconds(grace), in: transaction)
            var details = ["replaced_by": new.id.rawValue]
            details["expires_at"] = end?.rfc3339
            try AuditEntry(by: context.principal, action: "key rotate", target: id.rawValue, details: details)
                .record(in: transaction)
            return try APIKeyRecord.find(new.id, in: transaction)
        }
        guard let key else { throw APIError.internalError }
        return Self.answer(KeyDocument(key: key, text: new.text), status: .created)
    }

    @Sendable
    func revoke(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, id) = try Self.named(context)
        try await databases.app.transaction(of: tenant) { transaction in
            let key = try Self.lock(id, for: context, in: transaction)
            guard key.revokedAt == nil else { return }
            try key.revoke(in: transaction)
            try AuditEntry(by: context.principal, action: "key revoke", target: id.rawValue).record(in: transaction)
        }
        return Response(status: .noContent)
    }

    /// Creates a key. That takes one run of Argon2, of which only a few run at the same time.
    private func issue(_ mode: KeyMode, for tenant: TenantID) async throws -> IssuedKey {
        do {
            try await limit.take(tenant.rawValue, at: .now(), on: databases.app)
            return try await IssuedKey.make(mode, hashedWith: argon2)
        } catch let error as RateLimited {
            throw APIError.rateLimited(
                "Too many new API keys in a minute. Try again later.", retryAfterSeconds: error.retryAfterSeconds)
        } catch Argon2Error.overloaded {
            throw APIError.rateLimited("Too many logins are under way. Try again shortly.", retryAfterSeconds: 2)
        }
    }

    private static func answer(_ document: KeyDocument, status: HTTPResponse.Status = .ok) -> Response {
        var json = JSONWriter(capacity: 512)
        document.write(to: &json)
        return JSONResponse.make(json.bytes, status: status)
    }

    /// Returns the caller's account and the key id in the path. Throws 404 if that is not a key id.
    private static func named(_ context: AuthenticatedContext) throws -> (TenantID, APIKeyID) {
        guard let id = context.parameters.get("id").flatMap(APIKeyID.init(rawValue:)) else { throw none }
        return (context.principal.tenant, id)
    }

    /// Throws 404 if there is no such key, or if it is a live one and the caller's is not.
    private static func lock(
        _ id: APIKeyID, for context: AuthenticatedContext, in transaction: PostgresTransaction
    ) throws -> APIKeyRecord {
        guard let key = try APIKeyRecord.lock(id, in: transaction),
            key.mode == .test || context.principal.mode == .live
        else { throw none }
        return key
    }

    /// Throws 404 as ``lock(_:for:in:)`` does, 409 if the key does not work any more or was rotated already.
    private static func lockActive(
        _ id: APIKeyID, for context: AuthenticatedContext, in transaction: PostgresTransaction
    ) throws -> APIKeyRecord {
        let key = try lock(id, for: context, in: transaction)
        guard key.state(at: .now()) == .active else {
            throw APIError(.keyNotActive, "The key was revoked or has expired.")
        }
        guard key.replacedBy == nil else {
            throw APIError(.keyNotActive, "The key was rotated already. Use the key that replaced it.")
        }
        return key
    }

    /// Throws unless the caller may give a key these scopes: those that it has itself. A key with `keys:write` could do what only some roles
    /// may, such as raising a cap, so only owners give that one.
    private static func require(_ scopes: Set<Scope>, of context: AuthenticatedContext) throws {
        if let role = context.principal.role, role != .owner, scopes.contains(.writeKeys) {
            throw APIError.roleRequired([.owner])
        }
        if let missing = scopes.subtracting(context.scopes).sorted().first { throw APIError.insufficientScope(missing) }
    }

    /// Throws 409 if the account has as many working keys as an account may have.
    private static func requireRoom(of tenant: TenantID, in transaction: PostgresTransaction) throws {
        guard try APIKeyRecord.countActive(of: tenant, in: transaction) < APIKeyRecord.mostActive else {
            throw APIError(
                .limitReached, "An account can have \(APIKeyRecord.mostActive) working API keys. Revoke one first.",
                details: ["limit": .number(Int64(APIKeyRecord.mostActive))])
        }
    }

    private static func name(_ text: String) throws -> String {
        do {
            return try PlainName(text, longest: longestName).text
        } catch {
            throw APIError.invalidRequest(
                "'name' must have 1 to \(longestName) characters, without line ends and invisible ones.", field: "name")
        }
    }

    private static func end(_ text: String) throws -> Timestamp {
        guard let end = Timestamp(rfc3339: text), end > .now() else {
            throw APIError.invalidRequest(
                "'expires_at' must be an RFC 3339 time in the future such as 2027-11-23T09:30:00Z.", field: "expires_at"
            )
        }
        return end
    }

    private static func mode(_ text: String) throws -> KeyMode {
        guard let mode = KeyMode(rawValue: text) else {
            throw APIError.invalidRequest("'mode' must be live or test.", field: "mode")
        }
        return mode
    }

    /// Nil, which means any address, if the list is empty.
    private static func addresses(_ texts: [String]) throws -> [CIDR]? {
        guard texts.count <= KeyRules.mostAddresses else {
            throw APIError.invalidRequest(
                "'allowed_addresses' must have at most \(KeyRules.mostAddresses) entries.", field: "allowed_addresses")
        }
        guard let blocks = try? texts.map({ try CIDR($0) }) else {
            throw APIError.invalidRequest(
                "'allowed_addresses' must be a list of addresses or blocks such as 192.0.2.7, 198.51.100.0/24 or 2001:db8::/32, without bits beyond the prefix.",
                field: "allowed_addresses")
        }
        return blocks.isEmpty ? nil : blocks
    }

    private static func minutes(_ minutes: Int64) throws -> Int64 {
        guard KeyRules.minutes.contains(minutes) else {
            throw APIError.invalidRequest(
                "'monthly_minutes' must be a whole number from 0 to \(KeyRules.minutes.upperBound), or null for no limit.",
                field: "monthly_minutes")
        }
        return minutes
    }

    private static let none = APIError.notFound("There is no API key with this id.")
}
