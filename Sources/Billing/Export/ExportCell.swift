/// One value of an export, in the one form in which every format shows it.
package enum ExportCell: Sendable, Equatable {
    /// What a person wrote, or one of our words; spreadsheets must never take it for a formula.
    case text(String)
    /// Written as JSON writes numbers.
    case number(String)
    case flag(Bool)
    case none

    package static func integer(_ value: Int64?) -> ExportCell { value.map { .number(String($0)) } ?? .none }
}
