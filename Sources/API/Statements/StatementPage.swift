import Billing
import Postgres
import Tenancy

/// A statement as a page to print. It needs nothing from elsewhere: no script, no font, no picture.
struct StatementPage {
    let statement: AccountStatement

    var markup: String {
        var html = HTML()
        html.raw("<!doctype html>")
        html.element("html", ["lang": "en"]) { html in
            html.element("head") { html in
                html.raw(#"<meta charset="utf-8"><meta name="viewport" content="width=device-width">"#)
                html.element("title", text: "Statement \(statement.number)")
                html.raw(Self.style)
            }
            html.element("body") { html in
                parties(&html)
                head(&html)
                table(&html)
                notes(&html)
            }
        }
        return html.markup + "\n"
    }

    private static let style: StaticString = """
        <style>
        @page { size: A4; margin: 20mm }
        body { font: 11pt/1.45 system-ui, sans-serif; color: #111; max-width: 180mm; margin: 12mm auto; padding: 0 4mm }
        header, .parties { display: flex; justify-content: space-between; gap: 12mm }
        .lines { white-space: pre-line }
        h1 { font-size: 18pt; margin: 10mm 0 2mm }
        .provisional { border: 1px solid #a60; color: #a60; padding: 1mm 3mm; display: inline-block }
        table { border-collapse: collapse; width: 100%; margin-top: 6mm }
        th, td { text-align: right; padding: 1.5mm 2mm; border-bottom: 1px solid #ccc; font-variant-numeric: tabular-nums }
        th:first-child, td:first-child { text-align: left }
        tfoot td { font-weight: 600; border-bottom: 0; border-top: 2px solid #111 }
        .notes { color: #555; font-size: 9.5pt; margin-top: 6mm }
        </style>
        """

    private func parties(_ html: inout HTML) {
        let (seller, customer) = (statement.parties.seller, statement.parties.customer)
        html.element("div", ["class": "parties"]) { html in
            html.element("section", ["class": "lines"]) { html in
                html.element("strong", text: customer.name)
                for text in [
                    customer.address, customer.taxID.map { "Tax id: \($0)" },
                    customer.reference.map { "Reference: \($0)" },
                ] {
                    if let text { html.text("\n" + text) }
                }
            }
            guard let seller else { return }
            html.element("section", ["class": "lines"]) { html in
                html.element("strong", text: seller.name)
                for text in [seller.address, seller.taxID.map { "Tax id: \($0)" }, seller.email] {
                    if let text { html.text("\n" + text) }
                }
            }
        }
    }

    private func head(_ html: inout HTML) {
        let month = statement.statement.month
        html.element("h1", text: "Statement \(statement.number)")
        html.element("p") { html in
            html.text("For \(month.rawValue), a calendar month in UTC.")
            if let closedAt = statement.statement.closedAt { html.text(" Closed on \(closedAt.rfc3339.prefix(10)).") }
        }
        if statement.isProvisional {
            html.element(
                "p", ["class": "provisional"], text: "Provisional: the month is not closed, so the amounts may change.")
        }
    }

    private func table(_ html: inout HTML) {
        let month = statement.statement
        html.element("table") { html in
            html.element("thead") { html in
                html.element("tr") { html in
                    for heading in [
                        "Plan", "Included minutes", "Used minutes", "Overage minutes", "Rate a minute", "Amount",
                    ] {
                        html.element("th", ["scope": "col"], text: heading)
                    }
                }
            }
            html.element("tbody") { html in
                for line in month.lines {
                    Self.row(
                        [
                            line.plan.rawValue, line.number == 1 ? "\(line.includedMinutes)" : "",
                            line.number == 1 ? Minutes.text(seconds: line.usedSeconds) : "",
                            Minutes.text(seconds: line.overageSeconds), line.rate.map(Money.dollars(micros:)) ?? "–",
                            Money.dollars(cents: line.amountCents),
                        ], to: &html)
                }
                if month.adjustmentsCents != 0 {
                    Self.row(
                        ["Adjustments", "", "", "", "", Money.dollars(cents: month.adjustmentsCents)], to: &html)
                }
            }
            html.element("tfoot") { html in
                Self.row(
                    ["Total", "", "", "", Money.currency, Money.dollars(cents: month.totalCents)], to: &html)
            }
        }
    }

    private static func row(_ cells: [String], to html: inout HTML) {
        html.element("tr") { html in
            for cell in cells { html.element("td", text: cell) }
        }
    }

    private func notes(_ html: inout HTML) {
        html.element(
            "p", ["class": "notes"],
            text:
                "Each job is billed by its length, rounded up to the next second. Minutes have two decimals; each amount is computed from "
                + "seconds and rounded once, half to the even cent. Account: \(statement.statement.tenant.rawValue).")
    }
}
