import Billing
import Postgres
import Tenancy

/// What the ledger should say, kept in memory beside it and computed in the plainest way there is.
struct ModelledMonths {
    struct Admission {
        let job: TestJob
        let month: BillingMonth
        var seconds: Int64
        let included: Int64
        /// Nil where overage was not agreed on.
        let rate: Int64?
        var isSettled = false
        var isReleased = false
    }

    /// In the order of admission.
    var admissions: [Admission] = []
    /// How many took another place, by month.
    var moves: [BillingMonth: Int64] = [:]
    var adjustments: [BillingMonth: Int64] = [:]

    var held: [Int] { admissions.indices.filter { !admissions[$0].isSettled && !admissions[$0].isReleased } }

    func used(_ month: BillingMonth) -> Int64 {
        admissions.filter { $0.month == month && $0.isSettled }.reduce(0) { $0 + $1.seconds }
    }

    func reserved(_ month: BillingMonth) -> Int64 {
        held.map { admissions[$0] }.filter { $0.month == month }.reduce(0) { $0 + $1.seconds }
    }

    /// Places that were given.
    func count(_ month: BillingMonth) -> Int64 {
        Int64(admissions.filter { $0.month == month }.count) + moves[month, default: 0]
    }

    /// Gives it so many seconds, and a place at the end when that goes beyond what it was promised. Answers where it is now.
    mutating func resize(_ index: Int, to seconds: Int64) -> Int {
        var admission = admissions[index]
        let month = admission.month
        let others = used(month) + reserved(month) - admission.seconds
        let isBeyond = seconds > admission.seconds && others + seconds > admission.included
        admission.seconds = seconds
        guard isBeyond else {
            admissions[index] = admission
            return index
        }
        admissions.remove(at: index)
        admissions.append(admission)
        moves[month, default: 0] += 1
        return admissions.endIndex - 1
    }

    /// Overage by rate, second by second.
    func overage(_ month: BillingMonth) -> [Int64: Int64] {
        var second: Int64 = 0
        var overage: [Int64: Int64] = [:]
        for admission in admissions where admission.month == month && admission.isSettled {
            for _ in 0..<admission.seconds {
                second += 1
                if second > admission.included, let rate = admission.rate { overage[rate, default: 0] += 1 }
            }
        }
        return overage
    }

    /// How far those who did not agree to overage went beyond the most that any of them was promised; never more than 0.
    func oversold(_ month: BillingMonth) -> Int64 {
        let bound = admissions.filter { $0.month == month && $0.rate == nil && !$0.isReleased }
        return bound.reduce(0) { $0 + $1.seconds } - (bound.map(\.included).max() ?? 0)
    }
}
