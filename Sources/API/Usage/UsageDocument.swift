import Billing
import JSON
import Pipeline
import Tenancy

/// The answer of `GET /usage`: what an account has used in a month, what is left, and what overage costs.
struct UsageDocument: Sendable {
    let month: BillingMonth
    let usage: TenantUsage
    /// The groups to show, and where the next page begins; nil if none were asked for.
    let groups: (page: [UsageGroup], nextCursor: String?)?

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("period")
            json.string(month.rawValue)
            json.key("plan")
            json.string(usage.plan.rawValue)
            json.key("included_minutes")
            json.integer(Int(usage.includedMinutes))
            json.key("used_seconds")
            json.integer(Int(usage.usedSeconds))
            json.key("used_minutes")
            json.raw(Minutes.text(seconds: usage.usedSeconds))
            json.key("reserved_seconds")
            json.integer(Int(usage.reservedSeconds))
            json.key("reserved_minutes")
            json.raw(Minutes.text(seconds: usage.reservedSeconds))
            json.key("left_minutes")
            json.raw(Minutes.text(seconds: usage.leftSeconds))
            json.key("overage_seconds")
            json.integer(Int(usage.overageSeconds))
            json.key("overage_minutes")
            json.raw(Minutes.text(seconds: usage.overageSeconds))
            json.key("overage_amount_cents")
            json.integer(Int(usage.overageCents))
            json.key("overage_amount")
            json.string(Money.dollars(cents: usage.overageCents))
            json.key("currency")
            json.string(Money.currency)
            json.key("overage_enabled")
            json.flag(usage.effectiveLimits.sellsOverage)
            json.key("overage_cap_cents")
            json.integer(usage.effectiveLimits.overageCapCents)
            json.key("concurrency")
            json.object { json in
                json.key("limit")
                json.integer(usage.effectiveLimits.concurrency)
                json.key("in_use")
                json.integer(usage.runningJobs)
                json.key("waiting")
                json.integer(usage.waitingJobs)
            }
            if let groups {
                json.key("groups")
                json.array(groups.page) { Self.write($1, to: &$0) }
                json.key("next_cursor")
                json.string(groups.nextCursor)
            }
        }
    }

    private static func write(_ group: UsageGroup, to json: inout JSONWriter) {
        json.object { json in
            json.key("value")
            json.string(group.value)
            json.key("jobs")
            json.integer(Int(group.jobs))
            json.key("used_seconds")
            json.integer(Int(group.usedSeconds))
            json.key("overage_seconds")
            json.integer(Int(group.overageSeconds))
            json.key("overage_cents")
            json.integer(Int(group.overageCents))
            if let days = group.days {
                json.key("days")
                json.array(days) { json, day in
                    json.object { json in
                        json.key("day")
                        json.string(day.day)
                        json.key("jobs")
                        json.integer(Int(day.jobs))
                        json.key("used_seconds")
                        json.integer(Int(day.usedSeconds))
                        json.key("overage_seconds")
                        json.integer(Int(day.overageSeconds))
                    }
                }
            }
        }
    }
}
