import ArgumentParser
import Billing
import Postgres
import Tenancy

/// `seller`: who sends the statements.
struct SellerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seller", abstract: "Who sends the statements: name, address, tax id.",
        discussion: """
            Example:
              verbatim-admin seller show
            """,
        subcommands: [SellerSet.self, SellerShow.self])
}

/// The seller as `--json` shows it.
struct SellerRow: Encodable {
    let name: String?
    let address, tax_id, email: String?

    init(_ seller: Seller?) {
        name = seller?.name
        address = seller?.address
        tax_id = seller?.taxID
        email = seller?.email
    }

    var text: String {
        guard let name else { return "There is no seller yet; see: verbatim-admin seller set" }
        return Table(
            headings: ["SELLER", name],
            rows: [["address", address ?? "-"], ["tax id", tax_id ?? "-"], ["email", email ?? "-"]]
        ).text
    }
}

struct SellerSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set who sends the statements of open months.",
        discussion: """
            What is not named stays as it is. Statements of closed months keep the seller of their time.

            Example:
              verbatim-admin seller set --name "Example Inc." --address "1 Main Street, Springfield" --tax-id 12-3456789
            """)

    @OptionGroup var options: PartyOptions
    @Option(help: "An address for questions about a statement; an empty one removes it.")
    var email: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if options.isEmpty, email == nil { throw ValidationError("Name at least one of the options.") }
        _ = try PartyOptions.line(email, "--email", longest: 200)
        if let email, !email.isEmpty, Member.address(email) == nil {
            throw ValidationError("--email must be an e-mail address, or empty.")
        }
    }

    func run() async throws {
        try await Operation.run { operation in
            let (address, operatorName) = (options.address, change.operatorName)
            let name = try options.name.map { try PlainName.of($0, option: "--name", longest: 200) }
            let taxID = try PartyOptions.line(options.taxID, "--tax-id", longest: 100)
            let email = try PartyOptions.line(email, "--email", longest: 200)
            let seller = try await operation.pool.transaction { transaction in
                try Seller.lock(in: transaction)
                let before = try Seller.find(in: transaction)
                guard let name = name ?? before?.name else {
                    throw OperatorError("the seller needs a name: --name")
                }
                let seller = Seller(
                    name: name, address: PartyOptions.changed(before?.address, address),
                    taxID: PartyOptions.changed(before?.taxID, taxID),
                    email: PartyOptions.changed(before?.email, email))
                if seller != before {
                    try seller.store(in: transaction)
                    try AuditEntry(operator: operatorName, action: "seller set", tenant: nil, details: ["name": name])
                        .record(in: transaction)
                }
                return seller
            }
            try Output.show(SellerRow(seller), json: output.json, text: SellerRow(seller).text)
        }
    }
}

struct SellerShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show who sends the statements.",
        discussion: """
            Example:
              verbatim-admin seller show --json
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let row = SellerRow(try await operation.pool.transaction { try Seller.find(in: $0) })
            try Output.show(row, json: output.json, text: row.text)
        }
    }
}

/// Name, address and tax id of a seller.
struct PartyOptions: ParsableArguments {
    @Option(help: "The name, 1 to 200 characters.")
    var name: String?
    @Option(help: "The address, up to 1,000 characters; an empty one removes it.")
    var address: String?
    @Option(help: "The tax id, up to 100 characters; an empty one removes it.")
    var taxID: String?

    var isEmpty: Bool { name == nil && address == nil && taxID == nil }

    func validate() throws {
        if let name { _ = try PlainName.of(name, option: "--name", longest: 200) }
        try Self.check(address, "--address", longest: 1000)
        _ = try Self.line(taxID, "--tax-id", longest: 100)
    }

    /// Returns a text of one line, cleaned as names are; an empty one stays empty.
    static func line(_ text: String?, _ option: String, longest: Int) throws -> String? {
        guard let text, !text.isEmpty else { return text }
        return try PlainName.of(text, option: option, longest: longest)
    }

    /// A text that may have several lines.
    static func check(_ text: String?, _ option: String, longest: Int) throws {
        guard let text, text.unicodeScalars.count > longest || text.utf8.contains(0) else { return }
        throw ValidationError("\(option) can have \(longest) characters.")
    }

    /// Returns what is stored now: what was given, nothing if that is empty, or what was there before.
    static func changed(_ before: String?, _ given: String?) -> String? {
        guard let given else { return before }
        return given.isEmpty ? nil : given
    }
}
