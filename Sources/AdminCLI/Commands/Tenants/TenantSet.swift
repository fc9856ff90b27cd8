import ArgumentParser
import Billing
import Postgres
import Tenancy

struct TenantSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set what an account's statements say of the customer.",
        discussion: """
            What is not named stays as it is; an empty text removes it. Statements of closed months keep what they said.

            Example:
              verbatim-admin tenant set ten_01J… --billing-name "Example Ltd" --tax-id GB123456789 --reference "PO 4711"
            """)

    @Argument(help: "The account's id.")
    var tenantID: TenantID
    @Option(help: "The customer's name on statements, if it is not the account's; up to 200 characters.")
    var billingName: String?
    @Option(help: "The customer's address, up to 1,000 characters.")
    var billingAddress: String?
    @Option(help: "The customer's tax id, up to 100 characters.")
    var taxID: String?
    @Option(help: "The customer's own reference, such as an order number; up to 200 characters.")
    var reference: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if [billingName, billingAddress, taxID, reference].allSatisfy({ $0 == nil }) {
            throw ValidationError("Name at least one of the options.")
        }
        _ = try given()
    }

    private func given() throws -> [String?] {
        try PartyOptions.check(billingAddress, "--billing-address", longest: 1000)
        return [
            try PartyOptions.line(billingName, "--billing-name", longest: 200), billingAddress,
            try PartyOptions.line(taxID, "--tax-id", longest: 100),
            try PartyOptions.line(reference, "--reference", longest: 200),
        ]
    }

    private struct Answer: Encodable {
        let tenant_id: String
        let billing_name, billing_address, tax_id, reference: String?
    }

    func run() async throws {
        try await Operation.run { operation in
            let (id, operatorName) = (tenantID, change.operatorName)
            let given = try given()
            let details = try await operation.pool.transaction { transaction in
                _ = try Tenant.requiredForChange(id, in: transaction)
                let before = try BillingDetails.of(id, in: transaction)
                let details = BillingDetails(
                    name: PartyOptions.changed(before.name, given[0]),
                    address: PartyOptions.changed(before.address, given[1]),
                    taxID: PartyOptions.changed(before.taxID, given[2]),
                    reference: PartyOptions.changed(before.reference, given[3]))
                if details != before {
                    try details.store(for: id, in: transaction)
                    try AuditEntry(operator: operatorName, action: "tenant set", tenant: id).record(in: transaction)
                }
                return details
            }
            try Output.show(
                Answer(
                    tenant_id: id.rawValue, billing_name: details.name, billing_address: details.address,
                    tax_id: details.taxID, reference: details.reference),
                json: output.json,
                text: Table(
                    headings: ["TENANT", id.rawValue],
                    rows: [
                        ["billing name", details.name ?? "-"], ["billing address", details.address ?? "-"],
                        ["tax id", details.taxID ?? "-"], ["reference", details.reference ?? "-"],
                    ]
                ).text)
        }
    }
}
