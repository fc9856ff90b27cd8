import Concurrency
import ServiceLifecycle

/// Looks at disks every few seconds until shutdown.
package struct DiskWatch: Service {
    private static let interval = Duration.seconds(5)

    private let rooms: [DiskRoom]
    private let calls = BlockingCalls("verbatim.disks")

    package init(_ rooms: [DiskRoom]) { self.rooms = rooms }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await look()
                try? await Task.sleep(for: Self.interval)
            }
        }
    }

    /// Looks once.
    package func look() async {
        await calls.run { [rooms] in
            for room in rooms { room.look() }
        }
    }
}
