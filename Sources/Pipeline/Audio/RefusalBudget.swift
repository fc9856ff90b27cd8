import Synchronization
import Tenancy

/// The budget for an account's rejected files: how much processor time a minute their probes may cost.
///
/// An accepted file is billed; a rejected one costs its sender nothing, however much processor time the probe took. So each rejection adds
/// its cost to the account's debt, and the debt falls evenly with time. An account whose debt has reached the budget must wait before
/// another file is read or probed. Each process counts on its own.
package final class RefusalBudget: Sendable {
    private struct Debt {
        var amount: Duration
        var at: ContinuousClock.Instant
    }

    private let perMinute: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let debts = Mutex<[TenantID: Debt]>([:])

    /// - Parameter perMinute: By how much the debt falls in a minute; also the budget.
    package init(
        perMinute: Duration = .seconds(10), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.perMinute = perMinute
        self.now = now
    }

    /// Returns how long until the account may send again; nil if it may send now.
    package func wait(of tenant: TenantID) -> Duration? {
        debts.withLock { debts -> Duration? in
            guard let debt = debts[tenant] else { return nil }
            let over = left(of: debt) - perMinute
            // One more millisecond, because the debt must be below the budget, not equal to it.
            return over >= .zero ? .seconds(60) * (over / perMinute) + .milliseconds(1) : nil
        }
    }

    /// Adds the cost of a rejected file to the account's debt.
    package func charge(_ cost: Duration, to tenant: TenantID) {
        guard cost > .zero else { return }
        debts.withLock { debts in
            debts[tenant] = Debt(amount: (debts[tenant].map(left) ?? .zero) + cost, at: now())
            // Drop paid debts, but only when the number of debts is a power of two, so that not every rejection goes through all of them.
            if debts.count.nonzeroBitCount == 1 { debts = debts.filter { left(of: $0.value) > .zero } }
        }
    }

    /// Number of accounts that have a debt, or had one at the last clean-up.
    package var accounts: Int { debts.withLock { $0.count } }

    private func left(of debt: Debt) -> Duration {
        let minutes = (now() - debt.at) / .seconds(60)
        return max(.zero, debt.amount - perMinute * minutes)
    }
}
