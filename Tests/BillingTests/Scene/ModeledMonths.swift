import Billing
import Postgres
import Tenancy

/// A model of the ledger in memory, second by second. It has neither places nor sums: it knows in which order seconds were reserved, and what
/// their month covered then.
struct ModeledMonths {
    struct Admission {
        let job: TestJob
        let month: BillingMonth
        let included: Int64
        /// Nil if overage was not agreed on.
        let rate: Int64?
        /// When it was submitted, by which key, and for which project.
        let time: Timestamp
        let key: APIKeyID?
        var project: String?
        var isSettled = false
        var isReleased = false
    }

    struct Second {
        /// The index of its job in `admissions`.
        let admission: Int
        /// The month's quota when it was reserved.
        let included: Int64
        /// Whether that quota covered it, beside everything that was used and held then.
        let wasCovered: Bool
    }

    /// The jobs, in the order of admission.
    private(set) var admissions: [Admission] = []
    /// The seconds of each month, in the order in which they were reserved. Seconds that were given back are removed.
    private(set) var seconds: [BillingMonth: [Second]] = [:]
    /// How many places were given to increases or to nothing, by month.
    private var growths: [BillingMonth: Int64] = [:]
    var adjustments: [BillingMonth: Int64] = [:]

    var held: [Int] { admissions.indices.filter { !admissions[$0].isSettled && !admissions[$0].isReleased } }

    func seconds(of index: Int) -> Int64 {
        Int64(seconds[admissions[index].month, default: []].count { $0.admission == index })
    }

    func used(_ month: BillingMonth) -> Int64 {
        Int64(seconds[month, default: []].count { admissions[$0.admission].isSettled })
    }

    func reserved(_ month: BillingMonth) -> Int64 {
        Int64(seconds[month, default: []].count { !admissions[$0.admission].isSettled })
    }

    /// How many places were given.
    func count(_ month: BillingMonth) -> Int64 {
        Int64(admissions.count { $0.month == month }) + growths[month, default: 0]
    }

    /// The quota that was promised to the last remaining admission of the month.
    func lastIncluded(_ month: BillingMonth) -> Int64 {
        admissions.last { $0.month == month && !$0.isReleased }?.included ?? 0
    }

    mutating func admit(_ admission: Admission, seconds: Int64) {
        admissions.append(admission)
        reserve(seconds, for: admissions.endIndex - 1, included: admission.included)
    }

    /// Resizes the job to that many seconds.
    ///
    /// - Parameter included: the month's quota now.
    mutating func resize(_ index: Int, to wanted: Int64, included: Int64) {
        let (month, before) = (admissions[index].month, seconds(of: index))
        if wanted > before {
            reserve(wanted - before, for: index, included: max(included, admissions[index].included))
            growths[month, default: 0] += 1
        }
        for _ in 0..<max(0, before - wanted) {
            if let last = seconds[month]?.lastIndex(where: { $0.admission == index }) {
                seconds[month]?.remove(at: last)
            }
        }
    }

    /// Leaves places of a month out, as if many jobs had been submitted and cancelled.
    mutating func skip(_ places: Int64, of month: BillingMonth) { growths[month, default: 0] += places }

    /// Takes away a job's project, as when its customer deletes it.
    mutating func forgetProject(of index: Int) { admissions[index].project = nil }

    mutating func settle(_ index: Int) { admissions[index].isSettled = true }

    mutating func release(_ index: Int) {
        admissions[index].isReleased = true
        seconds[admissions[index].month]?.removeAll { $0.admission == index }
    }

    private mutating func reserve(_ count: Int64, for index: Int, included: Int64) {
        for _ in 0..<count {
            let month = admissions[index].month
            let isCovered = Int64(seconds[month, default: []].count) < included
            seconds[month, default: []].append(Second(admission: index, included: included, wasCovered: isCovered))
        }
    }

    /// The seconds that are overage, in order.
    func overageSeconds(_ month: BillingMonth) -> [Second] {
        let used = seconds[month, default: []].filter { admissions[$0.admission].isSettled }
        return used.enumerated().filter {
            $0.offset >= $0.element.included && admissions[$0.element.admission].rate != nil
        }.map(\.element)
    }

    /// Overage by rate.
    func overage(_ month: BillingMonth) -> [Int64: Int64] {
        overageSeconds(month).reduce(into: [:]) { sums, second in
            if let rate = admissions[second.admission].rate { sums[rate, default: 0] += 1 }
        }
    }

    /// What the month's overage costs if every unfinished job uses all that it holds, in cents.
    ///
    /// - Parameter more: seconds that would be reserved now, their quota and their rate.
    func projectedCents(_ month: BillingMonth, reserving more: (count: Int64, included: Int64, rate: Int64)? = nil)
        -> Int64
    {
        let held = seconds[month, default: []]
        var overage: [Int64: Int64] = [:]
        for (offset, second) in held.enumerated() where offset >= second.included {
            if let rate = admissions[second.admission].rate { overage[rate, default: 0] += 1 }
        }
        if let more {
            let total = Int64(held.count)
            overage[more.rate, default: 0] += max(0, total + more.count - max(total, more.included))
        }
        return overage.reduce(0) { $0 + (Int64(LongDivision.cents(seconds: $1.value, rate: $1.key)) ?? 0) }
    }

    /// The seconds that the jobs of some keys hold or have used.
    func seconds(_ month: BillingMonth, of keys: Set<APIKeyID>) -> Int64 {
        Int64(seconds[month, default: []].count { admissions[$0.admission].key.map(keys.contains) ?? false })
    }

    struct Group: Equatable {
        var jobs: Int64 = 0
        var seconds: Int64 = 0
        var overage: Int64 = 0
    }

    /// What was used, by the value that `value` gives each job.
    func groups(_ month: BillingMonth, by value: (Admission) -> String?) -> [String?: Group] {
        var groups: [String?: Group] = [:]
        for admission in admissions where admission.month == month && admission.isSettled {
            groups[value(admission), default: Group()].jobs += 1
        }
        for second in seconds[month, default: []] where admissions[second.admission].isSettled {
            groups[value(admissions[second.admission]), default: Group()].seconds += 1
        }
        for second in overageSeconds(month) {
            groups[value(admissions[second.admission]), default: Group()].overage += 1
        }
        return groups
    }

    /// Overage by job, of all billed jobs.
    func overageByJob(_ month: BillingMonth) -> [String: Int64] {
        var sums = Dictionary(
            uniqueKeysWithValues: admissions.filter { $0.month == month && $0.isSettled }
                .map { ($0.job.rawValue, Int64(0)) })
        for second in overageSeconds(month) { sums[admissions[second.admission].job.rawValue, default: 0] += 1 }
        return sums
    }

    /// How far the jobs without overage went beyond the highest quota that any of them was promised. Must never be more than 0.
    func oversold(_ month: BillingMonth) -> Int64 {
        let bound = seconds[month, default: []].filter { admissions[$0.admission].rate == nil }
        return Int64(bound.count) - (bound.map(\.included).max() ?? 0)
    }
}
