import Billing
import JSON
import Pipeline
import Tenancy

/// Rows of an export as JSON objects whose members stand in the order of the columns.
enum ExportJSON {
    static func array(_ rows: [[ExportColumn]]) -> String {
        var json = JSONWriter(capacity: 512 * rows.count + 2)
        json.array(rows) { json, row in json.object { write(row, to: &$0) } }
        return json.text
    }

    /// One object: the row, `metadata` (JSON text), and then `more`.
    static func object(_ row: [ExportColumn], metadata: String?, _ more: [ExportColumn]) -> String {
        var json = JSONWriter(capacity: 512)
        json.object { json in
            write(row, to: &json)
            json.key("metadata")
            if let metadata { json.raw(metadata) } else { json.null() }
            write(more, to: &json)
        }
        return json.text
    }

    /// A statement's lines: each with the account's name, and the first with its adjustments.
    static func statements(
        _ statements: [Statement], names: [TenantID: String], adjustments: [TenantID: [AdjustmentRecord]]
    ) -> String {
        let lines = statements.flatMap { statement in
            statement.rows.enumerated().map { (statement.tenant, isFirst: $0.offset == 0, row: $0.element) }
        }
        var json = JSONWriter(capacity: 640 * lines.count + 2)
        json.array(lines) { json, line in
            json.object { json in
                write(line.row, to: &json)
                json.key("tenant_name")
                json.string(names[line.0] ?? "")
                json.key("adjustment_entries")
                json.array(line.isFirst ? adjustments[line.0, default: []] : []) { json, record in
                    json.object { write(record.row, to: &$0) }
                }
            }
        }
        return json.text
    }

    private static func write(_ row: [ExportColumn], to json: inout JSONWriter) {
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
