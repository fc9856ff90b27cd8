/// A named value of an export's row; the order of a row's values is that of the columns.
package struct ExportColumn: Sendable {
    package let name: StaticString
    package let cell: ExportCell

    package init(_ name: StaticString, _ cell: ExportCell) {
        self.name = name
        self.cell = cell
    }
}
