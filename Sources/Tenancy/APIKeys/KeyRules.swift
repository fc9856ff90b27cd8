/// What an API key may do, as its creator has set it. A key that replaces another has the same rules.
package struct KeyRules: Sendable, Equatable {
    /// At least one.
    package var scopes: Set<Scope>
    /// How many minutes of a month its jobs may use, together with those of the keys that it replaced; nil: only the account's limits apply.
    package var monthlyMinutes: Int64?

    /// The values that ``monthlyMinutes`` may have.
    package static let minutes: ClosedRange<Int64> = 0...100_000_000

    package init(scopes: Set<Scope> = .standard, monthlyMinutes: Int64? = nil) {
        self.scopes = scopes
        self.monthlyMinutes = monthlyMinutes
    }

    /// The rules by name, as the audit log keeps them. Those that equal `before` are missing.
    package func audited(since before: KeyRules? = nil) -> [String: String] {
        var details: [String: String] = [:]
        if before?.scopes != scopes { details["scopes"] = scopes.names.joined(separator: " ") }
        if before.map({ $0.monthlyMinutes != monthlyMinutes }) ?? (monthlyMinutes != nil) {
            details["monthly_minutes"] = monthlyMinutes.map { "\($0)" } ?? "none"
        }
        return details
    }
}
