extension TaskGroup<Void> {
    /// Adds a task that does `body` now and after each `interval`, until it is cancelled.
    mutating func addTask(every interval: Duration, _ body: @escaping @Sendable () async -> Void) {
        addTask {
            while !Task.isCancelled {
                await body()
                try? await Task.sleep(for: interval)
            }
        }
    }
}
