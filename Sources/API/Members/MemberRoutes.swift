import HTTPTypes
import Hummingbird
import JSON
import Postgres
import Tenancy

/// An account's people: they sign in with e-mail address and password, and owners manage them.
struct MemberRoutes: Sendable {
    let databases: Databases
    let members: MemberSignIn
    let proxies: TrustedProxies
    let publicURL: String?
    /// New links of an account.
    private let links = RateLimit("member links", perMinute: 60)

    init(databases: Databases, members: MemberSignIn, proxies: TrustedProxies, publicURL: String?) {
        self.databases = databases
        self.members = members
        self.proxies = proxies
        self.publicURL = publicURL
    }

    private var cookie: SessionCookie { SessionCookie(isSecure: publicURL?.hasPrefix("https:") ?? false) }

    // MARK: sessions

    private struct SignIn: Decodable {
        let email, password: String
    }

    @Sendable
    func signIn(_ request: Request, context: PublicContext) async throws -> Response {
        let body = try await JSONBody.decode(SignIn.self, from: request)
        let network = proxies.client(of: request, on: context.channel).network
        return try await Self.answering {
            let (token, holder) = try await members.signIn(
                email: body.email, password: body.password, from: network)
            return try await begin(token, holder, context)
        }
    }

    /// The answer that begins a session.
    private func begin(
        _ token: String, _ holder: MemberSession.Holder, _ context: PublicContext
    ) async throws -> Response {
        context.caller?.becomeKnown()
        return try await session(
            of: holder.member, holder.tenant, email: holder.email, role: holder.role, token,
            headers: [.setCookie: cookie.set(token)])
    }

    private struct SignOut: Decodable {
        let everywhere: Bool?
    }

    @Sendable
    func signOut(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let body = try await JSONBody.decodeIfPresent(SignOut.self, from: request)
        if let token = SessionCookie.token(of: request) {
            try await members.signOut(token, others: body.everywhere ?? false)
        }
        return Response(status: .noContent, headers: [.setCookie: cookie.clear])
    }

    @Sendable
    func me(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        guard let token = SessionCookie.token(of: request), let id = context.principal.submitter.member,
            let member = try await databases.app.transaction(of: tenant, { try Member.find(id, of: tenant, in: $0) })
        else { throw Self.ended }
        return try await session(of: id, tenant, email: member.email, role: member.role, token)
    }

    private func session(
        of member: MemberID, _ tenant: TenantID, email: String, role: MemberRole, _ token: String,
        headers: HTTPFields = [:]
    ) async throws -> Response {
        let account = try await databases.app.transaction(of: tenant) { try Tenant.find(tenant, in: $0) }
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.key("member_id")
            json.string(member.rawValue)
            json.key("tenant_id")
            json.string(tenant.rawValue)
            json.key("tenant_name")
            json.string(account?.name)
            json.key("email")
            json.string(email)
            json.key("role")
            json.string(role.rawValue)
            json.key("scopes")
            json.array(role.scopes.names) { $0.string($1) }
            json.key("csrf_token")
            json.string(MemberSession.csrfToken(of: token))
        }
        return JSONResponse.make(json.bytes, headers: headers)
    }

    private struct NewPassword: Decodable {
        let token, password: String
    }

    /// Sets a password by an invitation or a reset link, and begins a session.
    @Sendable
    func setPassword(_ request: Request, context: PublicContext) async throws -> Response {
        let body = try await JSONBody.decode(NewPassword.self, from: request)
        try Self.require(body.password, field: "password")
        let network = proxies.client(of: request, on: context.channel).network
        return try await Self.answering {
            let (token, holder) = try await members.setPassword(body.password, by: body.token, from: network)
            return try await begin(token, holder, context)
        }
    }

    private struct PasswordChange: Decodable {
        let password, new_password: String
    }

    /// Changes the caller's own password.
    @Sendable
    func changePassword(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let body = try await JSONBody.decode(PasswordChange.self, from: request)
        try Self.require(body.new_password, field: "new_password")
        let tenant = context.principal.tenant
        guard let token = SessionCookie.token(of: request), let id = context.principal.submitter.member,
            let member = try await databases.app.transaction(of: tenant, { try Member.find(id, of: tenant, in: $0) })
        else { throw Self.ended }
        let network = proxies.client(of: request, on: context.channel).network
        let holder = MemberSession.Holder(tenant: tenant, member: id, email: member.email, role: member.role)
        do {
            try await Self.answering {
                try await members.changePassword(
                    of: holder, from: body.password, to: body.new_password, keeping: token, from: network)
            }
        } catch let error as APIError where error.code == .wrongPassword {
            throw APIError(
                .wrongPassword, "This is not your present password.", details: ["field": .text("password")])
        }
        return Response(status: .noContent)
    }

    private static func require(_ password: String, field: String) throws {
        let lengths = MemberSignIn.passwordLengths
        guard lengths.contains(password.unicodeScalars.count), !password.utf8.contains(0) else {
            throw APIError.invalidRequest(
                "'\(field)' must have \(lengths.lowerBound) to \(lengths.upperBound) characters.", field: field)
        }
    }

    // MARK: management

    @Sendable
    func list(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let asked = try PageRequest(request, cursor: MemberID.init(rawValue:))
        let (tenant, after) = (context.principal.tenant, asked.cursor)
        let found = try await databases.app.transaction(of: tenant) {
            try Member.list(of: tenant, after: after, limit: asked.limit + 1, in: $0)
        }
        let page = Array(found.prefix(asked.limit))
        var json = JSONWriter(capacity: 256 * (page.count + 1))
        json.object { json in
            json.key("members")
            json.array(page) { Self.write($1, to: &$0) }
            json.key("next_cursor")
            json.string(found.count > asked.limit ? page.last?.id.rawValue : nil)
        }
        return JSONResponse.make(json.bytes)
    }

    private struct Invitation: Decodable {
        let email, role: String
    }

    @Sendable
    func invite(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal) = (context.principal.tenant, context.principal)
        let body = try await JSONBody.decode(Invitation.self, from: request)
        guard let email = Member.address(body.email) else {
            throw APIError.invalidRequest("'email' must be an e-mail address.", field: "email")
        }
        let role = try Self.role(body.role)
        try await takeLink(of: tenant)
        return try await Self.answering {
            let (member, link) = try await databases.app.transaction(of: tenant) { transaction in
                let member = try Member.invite(email, role: role, to: tenant, in: transaction)
                try AuditEntry(
                    by: principal, action: "member invite", target: member.id.rawValue, details: ["role": role.rawValue]
                ).record(in: transaction)
                return (member, try MemberLink.make(for: member, in: transaction))
            }
            return answer(member, link: link, status: .created)
        }
    }

    private struct Change: Decodable {
        let role: String
    }

    @Sendable
    func change(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal, id) = (context.principal.tenant, context.principal, try Self.named(context))
        let role = try Self.role(try await JSONBody.decode(Change.self, from: request).role)
        return try await Self.answering {
            let member = try await databases.app.transaction(of: tenant) { transaction in
                guard let before = try Member.findForChange(id, of: tenant, in: transaction) else { throw Self.none }
                if before.role != role {
                    try before.change(to: role, in: transaction)
                    try AuditEntry(
                        by: principal, action: "member role", target: id.rawValue,
                        details: ["from": before.role.rawValue, "to": role.rawValue]
                    ).record(in: transaction)
                }
                return try Member.find(id, of: tenant, in: transaction)
            }
            guard let member else { throw Self.none }
            return answer(member)
        }
    }

    @Sendable
    func remove(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal, id) = (context.principal.tenant, context.principal, try Self.named(context))
        try await Self.answering {
            try await databases.app.transaction(of: tenant) { transaction in
                guard let member = try Member.findForChange(id, of: tenant, in: transaction) else { throw Self.none }
                try member.remove(in: transaction)
                try AuditEntry(by: principal, action: "member remove", target: id.rawValue).record(in: transaction)
            }
        }
        return Response(status: .noContent)
    }

    @Sendable
    func reset(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal, id) = (context.principal.tenant, context.principal, try Self.named(context))
        try await takeLink(of: tenant)
        let (member, link) = try await databases.app.transaction(of: tenant) { transaction in
            guard let member = try Member.findForChange(id, of: tenant, in: transaction) else { throw Self.none }
            try AuditEntry(by: principal, action: "member reset", target: id.rawValue).record(in: transaction)
            return (member, try MemberLink.make(for: member, in: transaction))
        }
        return answer(member, link: link, status: .created)
    }

    private func takeLink(of tenant: TenantID) async throws {
        do {
            try await links.take(tenant.rawValue, at: .now(), on: databases.app)
        } catch let error as RateLimited {
            throw APIError.rateLimited(
                "Too many new links in a minute. Try again later.", retryAfterSeconds: error.retryAfterSeconds)
        }
    }

    private func answer(
        _ member: Member, link: MemberLink? = nil, status: HTTPResponse.Status = .ok
    ) -> Response {
        var json = JSONWriter(capacity: 384)
        Self.write(member, link: link.map { ($0.address(publicURL), $0) }, to: &json)
        return JSONResponse.make(json.bytes, status: status)
    }

    private static func write(
        _ member: Member, link: (address: String, link: MemberLink)? = nil, to json: inout JSONWriter
    ) {
        json.object { json in
            json.key("id")
            json.string(member.id.rawValue)
            json.key("email")
            json.string(member.email)
            json.key("role")
            json.string(member.role.rawValue)
            json.key("status")
            json.string(member.isActive ? "active" : "invited")
            json.key("created_at")
            json.string(member.createdAt.rfc3339)
            json.key("last_sign_in_at")
            json.string(member.lastSignIn?.rfc3339)
            if let link {
                json.key("link")
                json.string(link.address)
                json.key("token")
                json.string(link.link.token)
                json.key("link_expires_at")
                json.string(link.link.expiresAt.rfc3339)
            }
        }
    }

    private static func named(_ context: AuthenticatedContext) throws -> MemberID {
        guard let id = context.parameters.get("id").flatMap(MemberID.init(rawValue:)) else { throw none }
        return id
    }

    private static func role(_ text: String) throws -> MemberRole {
        guard let role = MemberRole(rawValue: text) else {
            throw APIError.invalidRequest(
                "'role' must be one of \(MemberRole.allCases.map(\.rawValue).joined(separator: ", ")).", field: "role")
        }
        return role
    }

    /// Runs `body`, and turns its refusals into answers.
    private static func answering<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch MemberSignIn.Refusal.wrong {
            throw APIError(.wrongPassword, "The e-mail address or the password is wrong.")
        } catch MemberSignIn.Refusal.accountSuspended {
            throw APIError.accountSuspended
        } catch MemberLink.Refusal.unusable {
            throw APIError(.invalidLink, "The link was used, has expired or was replaced. Ask for a new one.")
        } catch MemberLink.Refusal.accountSuspended {
            throw APIError.accountSuspended
        } catch MemberLink.Refusal.emailInUse {
            throw APIError(
                .memberExists,
                "This e-mail address signs in to another account. Ask for an invitation to another address.")
        } catch is Member.Known {
            throw APIError(.memberExists, "The account has a member with this e-mail address already.")
        } catch is Member.TooMany {
            throw APIError(
                .limitReached, "An account can have \(Member.most) members. Remove one first.",
                details: ["limit": .number(Int64(Member.most))])
        } catch is Member.LastOwner {
            throw APIError(.lastOwner, "An account needs an owner who can sign in. Make somebody else an owner first.")
        } catch let error as RateLimited {
            throw APIError.rateLimited(
                "Too many sign-ins in a minute. Try again later.", retryAfterSeconds: error.retryAfterSeconds)
        } catch Argon2Error.overloaded {
            throw APIError.rateLimited("Too many logins are under way. Try again shortly.", retryAfterSeconds: 2)
        }
    }

    private static let ended = APIError(
        .invalidToken, "The session has ended. Sign in again with POST /members/sign-in.")
    private static let none = APIError.notFound("There is no member with this id.")
}
