import Addresses

/// What an API key may do, as its creator has set it. A key that replaces another has the same rules.
package struct KeyRules: Sendable, Equatable {
    /// At least one.
    package var scopes: Set<Scope>
    /// How many minutes of a month its jobs may use, together with those of the keys that it replaced; nil: only the account's limits apply.
    package var monthlyMinutes: Int64?
    /// The addresses from which it may be used; nil: any.
    package var allowedAddresses: [CIDR]?

    /// The values that ``monthlyMinutes`` may have.
    package static let minutes: ClosedRange<Int64> = 0...100_000_000
    /// How many blocks of addresses a key may have.
    package static let mostAddresses = 50

    package init(scopes: Set<Scope> = .standard, monthlyMinutes: Int64? = nil, allowedAddresses: [CIDR]? = nil) {
        self.scopes = scopes
        self.monthlyMinutes = monthlyMinutes
        self.allowedAddresses = allowedAddresses
    }

    /// The rules by name, as the audit log keeps them. Those that equal `before` are missing.
    package func audited(since before: KeyRules? = nil) -> [String: String] {
        var details: [String: String] = [:]
        if before?.scopes != scopes { details["scopes"] = scopes.names.joined(separator: " ") }
        if before.map({ $0.monthlyMinutes != monthlyMinutes }) ?? (monthlyMinutes != nil) {
            details["monthly_minutes"] = monthlyMinutes.map { "\($0)" } ?? "none"
        }
        if before.map({ $0.allowedAddresses != allowedAddresses }) ?? (allowedAddresses != nil) {
            details["allowed_addresses"] = allowedAddresses?.map(\.description).joined(separator: " ") ?? "any"
        }
        return details
    }

    /// Returns whether a call from `address` is within the rules. A caller without an address is not, if the rules name some.
    package func allows(_ address: IPAddress?) -> Bool { Self.allows(address, allowedAddresses) }

    static func allows(_ address: IPAddress?, _ blocks: [CIDR]?) -> Bool {
        guard let blocks else { return true }
        return address.map { address in blocks.contains { $0.contains(address) } } ?? false
    }
}

extension [CIDR] {
    /// Reads what the database holds.
    init(stored texts: [String]) { self = texts.compactMap { try? CIDR($0) } }
}
