/// The limits and switches that an operator set for one tenant. For those that are missing, the plan or the default applies.
package struct QuotaOverrides: Sendable, Equatable {
    package var limits: [Limit: Int64] = [:]
    package var switches: [AccountSwitch: Bool] = [:]
    /// What a month's overage may cost at most, in cents. The customer may set a lower cap.
    package var overageCapCents: Int64?

    /// The caps that may be set. Beyond these bounds, sums could overflow.
    package static let caps: ClosedRange<Int64> = 0...1_000_000_000_000

    package init() {}

    /// Something that an operator may set for a tenant: a limit, a switch, or the cap on overage.
    package enum Field: Sendable, Hashable, CaseIterable {
        case limit(Limit)
        case flag(AccountSwitch)
        case overageCap

        package static var allCases: [Field] {
            Limit.allCases.map(limit) + AccountSwitch.allCases.map(flag) + [.overageCap]
        }

        /// Its column in `quota_overrides`; also its name in `verbatim-admin quota show --json` and in the audit log.
        package var column: String {
            switch self {
            case .limit(let limit): limit.column.description
            case .flag(let flag): flag.column.description
            case .overageCap: "overage_cap_cents"
            }
        }

        /// The name of its option on the command line, without the leading dashes.
        package var option: String {
            switch self {
            case .limit(let limit): limit.option
            case .flag(let flag): flag.option
            case .overageCap: "overage-cap-cents"
            }
        }
    }

    /// The values that are set, as text.
    package var values: [Field: String] {
        var values: [Field: String] = [:]
        for (limit, value) in limits { values[.limit(limit)] = value.description }
        for (flag, isOn) in switches { values[.flag(flag)] = isOn.description }
        values[.overageCap] = overageCapCents?.description
        return values
    }

    package var isEmpty: Bool { limits.isEmpty && switches.isEmpty && overageCapCents == nil }
}
