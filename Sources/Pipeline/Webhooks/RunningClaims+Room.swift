extension RunningClaims<ClaimedDelivery> {
    /// How many more of that lane may be begun, of so many slots. Failing endpoints get no more than half of them.
    func room(_ lane: DeliveryLane, of slots: Int) -> Int {
        let free = slots - count
        return switch lane {
        case .answering: free
        case .failing: min(free, max(1, slots / 2) - count { $0.lane == .failing })
        }
    }
}
