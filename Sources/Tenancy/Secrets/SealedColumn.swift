/// A column of secrets that are encrypted with the master key, each bound to its row.
///
/// The three members go into SQL as they are, so they must be literals of our own code.
package struct SealedColumn: Sendable {
    package let table: String
    /// A text that identifies a row: a column, or an expression of several.
    package let id: String
    package let column: String

    package init(table: String, id: String, column: String) {
        self.table = table
        self.id = id
        self.column = column
    }

    /// The purpose to which the secret of the row `id` is bound.
    package func purpose(_ id: String) -> String { "\(table).\(column):\(id)" }
}
