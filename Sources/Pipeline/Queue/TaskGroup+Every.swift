extension TaskGroup<Void> {
    /// Adds a task that runs `body` now and then again after each `interval`, until it is cancelled.
    mutating func addTask(every interval: Duration, _ body: @escaping @Sendable () async -> Void) {
        addTask {
            while !Task.isCancelled {
                await body()
                try? await Task.sleep(for: interval)
            }
        }
    }
}
