/// A limit of what a month's jobs may use. The raw values are part of the API.
package enum QuotaLimit: String, Sendable, CaseIterable {
    /// The minutes that the month includes.
    case monthlyMinutes = "monthly_minutes"
    /// What the month's overage may cost.
    case overageCap = "overage_cap"
    /// The minutes that the API key may use.
    case keyMinutes = "key_minutes"
}
