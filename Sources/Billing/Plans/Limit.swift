/// A number that every plan sets, and that an operator may set anew for one account. A limit is declared here, once.
///
/// From this list, in its order, follow the reading of plans, the reading and writing of accounts' own limits, `GET /plans`, the options,
/// tables and JSON of `verbatim-admin quota`, the audit log, a tenant's export, and what is deleted with a tenant. CONTRIBUTING.md says
/// what else a new limit needs.
package enum Limit: Int, Sendable, CaseIterable {
    /// `Reservation` and `Admission` enforce it.
    case monthlyMinutes
    /// `UploadReader` and `FetchStage` enforce it.
    case maxFileBytes
    /// By the decoded length. `CreateJob` and the stages that decode enforce it; a job keeps the one that it was submitted under.
    case maxDurationSeconds
    /// `FairScheduler` and `TenantLoad` enforce it; `UploadSlots` allows twice as many uploads.
    case concurrency

    /// - column: in `plans` and in `quota_overrides`; also the limit's name in JSON and in the audit log.
    /// - bounds: what an operator may set. Beyond, sums of seconds and bytes would leave what the service can hold.
    /// - help: what it is, with its unit, for who reads the help of `quota set`.
    private var declaration: (column: StaticString, bounds: ClosedRange<Int64>, help: String) {
        switch self {
        case .monthlyMinutes: ("monthly_minutes", 0...100_000_000, "Minutes included in a month.")
        case .maxFileBytes: ("max_file_bytes", 1...1_000_000_000_000, "The largest file, in bytes.")
        case .maxDurationSeconds: ("max_duration_seconds", 1...864_000, "The longest recording, in seconds.")
        case .concurrency: ("concurrency", 1...10_000, "Jobs at once.")
        }
    }

    package var column: StaticString { declaration.column }
    package var bounds: ClosedRange<Int64> { declaration.bounds }
    package var help: String { declaration.help }
    /// As the command line writes it, without the dashes before it.
    package var option: String { column.description.replacing("_", with: "-") }
}

/// What an operator switches on or off for one account, whatever its plan.
package enum AccountSwitch: Sendable, CaseIterable {
    /// Whether minutes over the month's are sold, to those who accept them with a job and where the plan has a price.
    case overage
    /// Whether jobs over the concurrency wait, instead of being refused.
    case queueing

    /// - column: in `quota_overrides`; also the switch's name in JSON and in the audit log.
    private var declaration: (column: StaticString, option: String, isOnByDefault: Bool, help: String) {
        switch self {
        case .overage:
            (
                "overage_enabled", "overage", false,
                "Whether minutes beyond the month's are sold to those who accept that: on or off."
            )
        case .queueing:
            ("queueing_enabled", "queueing", true, "Whether jobs over the concurrency wait (on) or are refused (off).")
        }
    }

    package var column: StaticString { declaration.column }
    package var option: String { declaration.option }
    package var isOnByDefault: Bool { declaration.isOnByDefault }
    package var help: String { declaration.help }
}

/// A value for each limit.
package struct LimitValues: Sendable, Equatable {
    private let values: [Int64]

    package init(_ value: (Limit) throws -> Int64) rethrows { values = try Limit.allCases.map(value) }

    package subscript(limit: Limit) -> Int64 { values[limit.rawValue] }
}
