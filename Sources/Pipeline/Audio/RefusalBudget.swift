import Synchronization
import Tenancy

/// What an account's files may cost that came to nothing: processor time of probes that ended in a refusal, in a minute.
///
/// A file that is accepted is billed; one that is refused costs its sender nothing, however long it took to find out. So what
/// refusals cost is kept as a debt, which falls evenly as time goes by. An account whose debt has reached the budget is told to
/// wait, before anything more is read or looked at. The debts are of this process alone.
package final class RefusalBudget: Sendable {
    private struct Debt {
        var amount: Duration
        var at: ContinuousClock.Instant
    }

    private let perMinute: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let debts = Mutex<[TenantID: Debt]>([:])

    /// - Parameter perMinute: as much as falls away in a minute, and as much as may come at once.
    package init(
        perMinute: Duration = .seconds(10), now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.perMinute = perMinute
        self.now = now
    }

    /// How long until the account may send again; nil where it may now.
    package func wait(of tenant: TenantID) -> Duration? {
        debts.withLock { debts -> Duration? in
            guard let debt = debts[tenant] else { return nil }
            let over = left(of: debt) - perMinute
            // To the instant at which it is below the budget, and not just at it.
            return over >= .zero ? .seconds(60) * (over / perMinute) + .milliseconds(1) : nil
        }
    }

    /// A refusal has cost so much.
    package func charge(_ cost: Duration, to tenant: TenantID) {
        guard cost > .zero else { return }
        debts.withLock { debts in
            debts[tenant] = Debt(amount: (debts[tenant].map(left) ?? .zero) + cost, at: now())
            // What has fallen away need not be kept. Seldom, so that many who owe are not counted for each refusal.
            if debts.count.nonzeroBitCount == 1 { debts = debts.filter { left(of: $0.value) > .zero } }
        }
    }

    /// Accounts that owe anything, or did when this was last cleared up.
    package var accounts: Int { debts.withLock { $0.count } }

    private func left(of debt: Debt) -> Duration {
        let minutes = (now() - debt.at) / .seconds(60)
        return max(.zero, debt.amount - perMinute * minutes)
    }
}
