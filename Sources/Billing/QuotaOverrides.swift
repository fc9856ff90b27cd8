/// What an operator allows one tenant, limit by limit; nil where its plan's holds.
package struct QuotaOverrides: Sendable, Equatable {
    package var monthlyMinutes: Int64?
    package var maxFileBytes: Int64?
    package var maxDurationSeconds: Int64?
    package var concurrency: Int64?
    package var isOverageEnabled: Bool?
    package var isQueueingEnabled: Bool?

    package init() {}

    /// A limit, named as `verbatim-admin quota show --json` names it.
    package enum Field: String, Sendable, CaseIterable {
        case monthlyMinutes = "monthly_minutes"
        case maxFileBytes = "max_file_bytes"
        case maxDurationSeconds = "max_duration_seconds"
        case concurrency = "concurrency"
        case overage = "overage_enabled"
        case queueing = "queueing_enabled"
    }

    /// The limits that are the tenant's own, as text.
    package var values: [Field: String] {
        var values: [Field: String] = [:]
        values[.monthlyMinutes] = monthlyMinutes?.description
        values[.maxFileBytes] = maxFileBytes?.description
        values[.maxDurationSeconds] = maxDurationSeconds?.description
        values[.concurrency] = concurrency?.description
        values[.overage] = isOverageEnabled?.description
        values[.queueing] = isQueueingEnabled?.description
        return values
    }

    package var isEmpty: Bool { values.isEmpty }
}

extension QuotaOverrides.Field {
    /// The most that any account may be allowed to send as one file, in bytes.
    package static let largestFile: Int64 = 1_000_000_000_000

    /// What the limit may be; nil where it is a switch. Beyond, sums of seconds and bytes would leave what the service can hold.
    package var bounds: ClosedRange<Int64>? {
        switch self {
        case .monthlyMinutes: 0...100_000_000
        case .maxFileBytes: 1...Self.largestFile
        case .maxDurationSeconds: 1...864_000
        case .concurrency: 1...10_000
        case .overage, .queueing: nil
        }
    }
}
