import Tenancy

/// How many more tries a node may begin, and of which kind.
package struct DeliveryCapacity: Sendable, Equatable {
    /// What each tenant may have under way without crowding others.
    static let share = 8

    let total: Int
    let answering: Int
    let failing: Int
    /// Of tenants that have more than their share under way, the share included.
    let crowding: Int

    /// So many, whosever they are.
    package init(_ total: Int) { self.init(answering: total, failing: total, total: total) }

    package init(answering: Int, failing: Int) {
        self.init(answering: answering, failing: failing, total: answering + failing)
    }

    private init(answering: Int, failing: Int, total: Int) {
        (self.total, self.answering, self.failing, crowding) = (total, answering, failing, total)
    }

    /// What is left of so many slots. Failing hosts get an eighth of them for certain and half at the most; tenants with more than
    /// their share under way get half of them together.
    package init(slots: Int, running: [ClaimedDelivery]) {
        let failing = running.count { $0.slotKind == .failing }
        let byTenant = Dictionary(grouping: running, by: \.tenant).values
        let crowding = byTenant.map(\.count).filter { $0 >= Self.share }.reduce(0, +)
        total = max(0, slots - running.count)
        answering = max(0, slots - slots / 8 - (running.count - failing))
        self.failing = max(0, max(1, slots / 2) - failing)
        self.crowding = max(0, slots / 2 - crowding)
    }
}
