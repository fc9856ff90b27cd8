/// What an operator allows one tenant, limit by limit; what is missing is as its plan, or the default, has it.
package struct QuotaOverrides: Sendable, Equatable {
    package var limits: [Limit: Int64] = [:]
    package var switches: [AccountSwitch: Bool] = [:]

    package init() {}

    /// What an operator may set for a tenant: each limit and each switch.
    package enum Field: Sendable, Hashable, CaseIterable {
        case limit(Limit)
        case flag(AccountSwitch)

        package static var allCases: [Field] { Limit.allCases.map(limit) + AccountSwitch.allCases.map(flag) }

        /// In `quota_overrides`; also the name that `verbatim-admin quota show --json` and the audit log know it by.
        package var column: String {
            switch self {
            case .limit(let limit): limit.column.description
            case .flag(let flag): flag.column.description
            }
        }

        /// As the command line writes it, without the dashes before it.
        package var option: String {
            switch self {
            case .limit(let limit): limit.option
            case .flag(let flag): flag.option
            }
        }
    }

    /// What is the tenant's own, as text.
    package var values: [Field: String] {
        var values: [Field: String] = [:]
        for (limit, value) in limits { values[.limit(limit)] = value.description }
        for (flag, isOn) in switches { values[.flag(flag)] = isOn.description }
        return values
    }

    package var isEmpty: Bool { limits.isEmpty && switches.isEmpty }
}
