import Concurrency
import ServiceLifecycle

/// Checks disks every five seconds until shutdown.
package struct DiskMonitor: Service {
    private static let interval = Duration.seconds(5)

    private let disks: [DiskSpace]
    private let calls = BlockingCalls("verbatim.disks")

    package init(_ disks: [DiskSpace]) { self.disks = disks }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await look()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Checks the disks once.
    package func look() async {
        await calls.run { [disks] in
            for room in disks { room.look() }
        }
    }
}
