import Tenancy

/// How many more attempts a node may begin, and of which kind.
package struct DeliveryCapacity: Sendable, Equatable {
    /// How many attempts of a tenant may be in progress before it counts as crowding.
    static let share = 8

    let total: Int
    let answering: Int
    let failing: Int
    /// Room for tenants with more than their share in progress. All attempts of such tenants count.
    let crowding: Int

    /// Room for `total` attempts of any kind.
    package init(_ total: Int) { self.init(answering: total, failing: total, total: total) }

    package init(answering: Int, failing: Int) {
        self.init(answering: answering, failing: failing, total: answering + failing)
    }

    private init(answering: Int, failing: Int, total: Int) {
        (self.total, self.answering, self.failing, crowding) = (total, answering, failing, total)
    }

    /// The room that is left of `slots`. Failing hosts get at least an eighth of the slots and at most half. Tenants with more than their share in
    /// progress get half of the slots together.
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
