/// A column that holds secrets sealed under the master key, one a row, each bound to its row.
///
/// All three are trusted SQL of this source's.
package struct SealedColumn: Sendable {
    package let table: String
    /// What names a row, as text: a column, or an expression over several.
    package let id: String
    package let column: String

    package init(table: String, id: String, column: String) {
        self.table = table
        self.id = id
        self.column = column
    }

    /// What the secret of row `id` is sealed for.
    package func purpose(_ id: String) -> String { "\(table).\(column):\(id)" }
}
