/// A named value in a row of an export. The order of a row's values is the order of the columns.
package struct ExportColumn: Sendable {
    package let name: StaticString
    package let cell: ExportCell

    package init(_ name: StaticString, _ cell: ExportCell) {
        self.name = name
        self.cell = cell
    }
}

/// One value of an export, in the form that all formats share.
package enum ExportCell: Sendable, Equatable {
    /// Text. A person may have written it, so a spreadsheet must never take it for a formula.
    case text(String)
    /// A number in JSON's notation.
    case number(String)
    case flag(Bool)
    case none

    package static func text(optional text: String?) -> ExportCell { text.map(ExportCell.text) ?? .none }

    package static func integer(_ value: Int64?) -> ExportCell { value.map { .number(String($0)) } ?? .none }
}
