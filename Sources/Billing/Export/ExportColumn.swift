/// A named value in a row of an export. The order of a row's values is the order of the columns.
package struct ExportColumn: Sendable {
    package let name: StaticString
    package let cell: ExportCell

    package init(_ name: StaticString, _ cell: ExportCell) {
        self.name = name
        self.cell = cell
    }
}
