/// What a worker does with the tasks that it claims. None of it throws: how a task ended stands in the database, or is found out by the
/// end of its lease.
package struct TaskWork: Sendable {
    /// Whether there is an engine to work with.
    let isReady: @Sendable () async -> Bool
    /// Works on one task to its end.
    let perform: @Sendable (ClaimedTask) async -> Void
    /// Of the fetches among them.
    let pace: FetchPace
    /// Ends a task whose every attempt took its worker down.
    let giveUp: @Sendable (ClaimedTask) async -> Void

    package init(
        isReady: @escaping @Sendable () async -> Bool = { true },
        perform: @escaping @Sendable (ClaimedTask) async -> Void,
        giveUp: @escaping @Sendable (ClaimedTask) async -> Void = { _ in }, pace: FetchPace = FetchPace()
    ) {
        self.pace = pace
        self.isReady = isReady
        self.perform = perform
        self.giveUp = giveUp
    }
}
