import Billing
import Hummingbird
import JSON
import Postgres
import Tenancy

/// A statement as JSON: what it says at the head, and its lines with the members of `usage export`.
struct StatementDocument {
    let statement: AccountStatement

    var response: Response {
        let (month, lines) = (statement.statement, statement.statement.lines)
        var json = JSONWriter(capacity: 1024 + 512 * lines.count)
        json.object { json in
            json.key("number")
            json.string(statement.number)
            json.key("period")
            json.string(month.month.rawValue)
            json.key("provisional")
            json.flag(statement.isProvisional)
            json.key("closed_at")
            json.string(month.closedAt?.rfc3339)
            json.key("seller")
            Self.write(statement.parties.seller, to: &json)
            json.key("customer")
            Self.write(statement.parties.customer, to: &json)
            json.key("lines")
            json.array(statement.statement.rows) { Self.write($1, to: &$0) }
            json.key("amount_cents")
            json.integer(month.amountCents)
            json.key("adjustments_cents")
            json.integer(month.adjustmentsCents)
            json.key("total_cents")
            json.integer(month.totalCents)
            json.key("total")
            json.string(Money.dollars(cents: month.totalCents))
            json.key("currency")
            json.string(Money.currency)
        }
        return JSONResponse.make(json.bytes)
    }

    private static func write(_ seller: Seller?, to json: inout JSONWriter) {
        guard let seller else { return json.null() }
        json.object { json in
            json.key("name")
            json.string(seller.name)
            json.key("address")
            json.string(seller.address)
            json.key("tax_id")
            json.string(seller.taxID)
            json.key("email")
            json.string(seller.email)
        }
    }

    private static func write(_ customer: StatementParties.Customer, to json: inout JSONWriter) {
        json.object { json in
            json.key("name")
            json.string(customer.name)
            json.key("address")
            json.string(customer.address)
            json.key("tax_id")
            json.string(customer.taxID)
            json.key("reference")
            json.string(customer.reference)
        }
    }

    private static func write(_ row: [ExportColumn], to json: inout JSONWriter) {
        json.object { json in
            for column in row {
                json.key(column.name)
                switch column.cell {
                case .text(let text): json.string(text)
                case .number(let number): json.raw(number)
                case .flag(let flag): json.flag(flag)
                case .none: json.null()
                }
            }
        }
    }
}
