/// A number that every plan sets, and that an operator may override for one account. A limit is declared here, once.
///
/// These follow this list and its order: how plans and overrides are read and written, `GET /plans`, the options, tables and JSON of
/// `verbatim-admin quota`, the audit log, a tenant's export, and what is deleted with a tenant. CONTRIBUTING.md says what else a new limit
/// needs.
package enum Limit: Int, Sendable, CaseIterable {
    /// `Reservation` and `Admission` enforce it.
    case monthlyMinutes
    /// `UploadReader` and `FetchStage` enforce it.
    case maxFileBytes
    /// Compared with the decoded length. `CreateJob` and the stages that decode enforce it. A job keeps the limit under which it was submitted.
    case maxDurationSeconds
    /// `FairScheduler` and `TenantLoad` enforce it; `UploadSlots` allows twice as many uploads.
    case concurrency

    /// - column: its name in `plans` and `quota_overrides`, in JSON and in the audit log.
    /// - bounds: what an operator may set. Beyond these bounds, sums of seconds and bytes could overflow.
    /// - help: what it limits, with its unit, for the help of `quota set`.
    private var declaration: (column: StaticString, bounds: ClosedRange<Int64>, help: String) {
        switch self {
        case .monthlyMinutes: ("monthly_minutes", 0...100_000_000, "Minutes included in a month.")
        case .maxFileBytes: ("max_file_bytes", 1...1_000_000_000_000, "The largest file, in bytes.")
        case .maxDurationSeconds: ("max_duration_seconds", 1...864_000, "The longest recording, in seconds.")
        case .concurrency: ("concurrency", 1...10_000, "How many jobs run at the same time.")
        }
    }

    package var column: StaticString { declaration.column }
    package var bounds: ClosedRange<Int64> { declaration.bounds }
    package var help: String { declaration.help }
    /// The name of its option on the command line, without the leading dashes.
    package var option: String { column.description.replacing("_", with: "-") }
}

/// Something that an operator switches on or off for one account, whatever its plan.
package enum AccountSwitch: Sendable, CaseIterable {
    /// Whether overage is sold: to requests that accept it, if the plan has a price.
    case overage
    /// Whether jobs above the concurrency wait instead of being rejected.
    case queueing

    /// - column: its name in `quota_overrides`, in JSON and in the audit log.
    private var declaration: (column: StaticString, option: String, isOnByDefault: Bool, help: String) {
        switch self {
        case .overage:
            (
                "overage_enabled", "overage", false,
                "Whether overage is sold to requests that accept it: on or off."
            )
        case .queueing:
            (
                "queueing_enabled", "queueing", true,
                "Whether jobs above the concurrency wait (on) or are rejected (off)."
            )
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
