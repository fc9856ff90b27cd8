import ArgumentParser
import Pipeline
import Postgres
import Settings
import Tenancy

/// `member`: the people of an account who sign in.
struct MemberCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member", abstract: "The people of an account: invite, list, role, remove, reset.",
        discussion: """
            Example:
              verbatim-admin member invite --tenant ten_01J… --email olga@example.com --role owner
            """,
        subcommands: [MemberInvite.self, MemberList.self, MemberRoleCommand.self, MemberRemove.self, MemberReset.self])
}

extension MemberRole: ExpressibleByArgument {}

extension MemberID: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

/// Which member of which account.
struct MemberArgument: ParsableArguments {
    @Argument(help: "The member's id.")
    var member: MemberID
    @Option(help: "The account's id.")
    var tenant: TenantID

    func required(in transaction: PostgresTransaction) throws -> Member {
        _ = try Tenant.requiredForChange(tenant, in: transaction)
        guard let found = try Member.findForChange(member, of: tenant, in: transaction) else {
            throw OperatorError("\(tenant) has no member \(member); see: verbatim-admin member list --tenant \(tenant)")
        }
        return found
    }
}

/// A member as `--json` shows it.
private struct MemberRow: Encodable {
    let member_id, tenant_id, email, role, status, created_at: String
    let last_sign_in_at: String?
    var link, link_expires_at: String?

    init(_ member: Member, link: MemberLink? = nil) throws {
        member_id = member.id.rawValue
        tenant_id = member.tenant.rawValue
        email = member.email
        role = member.role.rawValue
        status = member.isActive ? "active" : "invited"
        created_at = member.createdAt.rfc3339
        last_sign_in_at = member.lastSignIn?.rfc3339
        if let link {
            let reader = SettingsReader()
            let publicURL = NodeSettings.publicURL(reader)
            try reader.finish()
            self.link = link.address(publicURL)
            link_expires_at = link.expiresAt.rfc3339
        }
    }

    static func table(_ rows: [MemberRow]) -> String {
        Table(
            headings: ["MEMBER", "E-MAIL", "ROLE", "STATUS", "CREATED", "LAST SIGN-IN"],
            rows: rows.map { [$0.member_id, $0.email, $0.role, $0.status, $0.created_at, $0.last_sign_in_at ?? "-"] }
        ).text
    }

    /// The link, with what to do with it.
    var linkText: String {
        let host =
            link?.hasPrefix("/") == true ? "\n\nPut your host before it: VERBATIM_PUBLIC_URL is not set here." : ""
        return
            "\(link ?? "")\(host)\n\nHand the link over safely: it sets the password once, until \(link_expires_at ?? ""), and is not shown again."
    }
}

/// Returns what `body` returns, and explains why a member cannot be changed.
private func explaining<T>(_ body: () async throws -> T) async throws -> T {
    do {
        return try await body()
    } catch is Member.Known {
        throw OperatorError("the account has a member with this e-mail address already")
    } catch is Member.TooMany {
        throw OperatorError("the account has \(Member.most) members already")
    } catch is Member.LastOwner {
        throw OperatorError("the account would have no owner who can sign in; make somebody else an owner first")
    }
}

struct MemberInvite: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Invite a person to an account. The link is shown this once.",
        discussion: """
            The link sets the password, once, within 72 hours. It begins with VERBATIM_PUBLIC_URL: set it as on the nodes.

            owner may do everything, developer has keys, webhooks and jobs, finance usage and statements, viewer reads jobs and transcripts.

            Example:
              verbatim-admin member invite --tenant ten_01J… --email olga@example.com --role owner
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @Option(help: "The person's e-mail address.")
    var email: String
    @Option(help: "owner, developer, finance or viewer.")
    var role: MemberRole
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if Member.address(email) == nil { throw ValidationError("--email must be an e-mail address.") }
    }

    func run() async throws {
        try await Operation.run { operation in
            let (tenant, email, role, operatorName) = (tenant, email, role, change.operatorName)
            let (member, link) = try await explaining {
                try await operation.pool.transaction { transaction in
                    _ = try Tenant.requiredForChange(tenant, in: transaction)
                    let member = try Member.invite(email, role: role, to: tenant, in: transaction)
                    try AuditEntry(
                        operator: operatorName, action: "member invite", tenant: tenant, target: member.id.rawValue,
                        details: ["role": role.rawValue]
                    ).record(in: transaction)
                    return (member, try MemberLink.make(for: member, in: transaction))
                }
            }
            let row = try MemberRow(member, link: link)
            try Output.show(row, json: output.json, text: row.linkText)
        }
    }
}

struct MemberList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an account's members, oldest first.",
        discussion: """
            Example:
              verbatim-admin member list --tenant ten_01J…
            """)

    @Option(help: "The account's id.")
    var tenant: TenantID
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let tenant = tenant
            let rows = try await operation.pool.transaction { transaction in
                _ = try Tenant.required(tenant, in: transaction)
                return try Member.list(of: tenant, in: transaction).map { try MemberRow($0) }
            }
            try Output.show(rows, json: output.json, text: MemberRow.table(rows))
        }
    }
}

struct MemberRoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Change a member's role; it holds within a second.",
        discussion: """
            Example:
              verbatim-admin member role mem_01J… --tenant ten_01J… --role viewer
            """)

    @OptionGroup var member: MemberArgument
    @Option(help: "owner, developer, finance or viewer.")
    var role: MemberRole
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (member, role, operatorName) = (member, role, change.operatorName)
            let row = try await explaining {
                try await operation.pool.transaction { transaction in
                    let before = try member.required(in: transaction)
                    if before.role != role {
                        try before.change(to: role, in: transaction)
                        try AuditEntry(
                            operator: operatorName, action: "member role", tenant: member.tenant,
                            target: before.id.rawValue, details: ["from": before.role.rawValue, "to": role.rawValue]
                        ).record(in: transaction)
                    }
                    return try MemberRow(try member.required(in: transaction))
                }
            }
            try Output.show(row, json: output.json, text: MemberRow.table([row]))
        }
    }
}

struct MemberRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a member; all sessions end within a second.",
        discussion: """
            Example:
              verbatim-admin member remove mem_01J… --tenant ten_01J…
            """)

    @OptionGroup var member: MemberArgument
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (member, operatorName) = (member, change.operatorName)
            let row = try await explaining {
                try await operation.pool.transaction { transaction in
                    let found = try member.required(in: transaction)
                    try found.remove(in: transaction)
                    try AuditEntry(
                        operator: operatorName, action: "member remove", tenant: member.tenant,
                        target: found.id.rawValue
                    ).record(in: transaction)
                    return try MemberRow(found)
                }
            }
            try Output.show(row, json: output.json, text: "\(row.member_id) (\(row.email)) is no longer a member.")
        }
    }
}

struct MemberReset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Make a link that sets a member's password anew. It is shown this once.",
        discussion: """
            The link works once, within 72 hours; links from before work no more. The old password works until the link is used; then all \
            sessions end. The link begins with VERBATIM_PUBLIC_URL: set it as on the nodes.

            Example:
              verbatim-admin member reset mem_01J… --tenant ten_01J…
            """)

    @OptionGroup var member: MemberArgument
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (member, operatorName) = (member, change.operatorName)
            let (found, link) = try await operation.pool.transaction { transaction in
                let found = try member.required(in: transaction)
                try AuditEntry(
                    operator: operatorName, action: "member reset", tenant: member.tenant, target: found.id.rawValue
                ).record(in: transaction)
                return (found, try MemberLink.make(for: found, in: transaction))
            }
            let row = try MemberRow(found, link: link)
            try Output.show(row, json: output.json, text: row.linkText)
        }
    }
}
