import Foundation
import Logging
import Postgres
import Synchronization

/// The free space of a folder's disk, as of the last check, and whether it is enough.
///
/// It is logged when the disk is nearly full, when it is full, each minute while that lasts, and when there is room again.
package final class DiskSpace: Sendable {
    package enum State: String, Sendable {
        case ok
        case nearlyFull = "nearly full"
        /// The rest is left for work in progress.
        case full
    }

    private struct Seen {
        var free: Int64?
        var refusedAt: ContinuousClock.Instant?
    }

    /// How long a disk counts as full after it has rejected a write, even if bytes seem to be free, for example because of a quota.
    private static let memory = Duration.seconds(30)

    /// Its name in metrics and logs.
    package let name: String
    private let nearly: Int64
    private let least: Int64
    private let measure: @Sendable () -> Int64?
    private let now: @Sendable () -> ContinuousClock.Instant
    private let low: Outage
    private let full: Outage
    private let seen = Mutex(Seen())

    /// - Parameters:
    ///   - nearly: with fewer free bytes, the disk is nearly full.
    ///   - least: with fewer free bytes, it is full.
    ///   - measure: returns the free bytes; nil if they are unknown.
    package init(
        name: String, nearly: Int64, least: Int64, logger: Logger,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }, measure: @escaping @Sendable () -> Int64?
    ) {
        self.name = name
        self.nearly = nearly
        self.least = least
        self.measure = measure
        self.now = now
        low = Outage(
            begun: "the \(name) disk is nearly full", lasting: "the \(name) disk is still nearly full",
            over: "the \(name) disk has room again", level: .warning, logger: logger, now: now)
        full = Outage(
            begun: "the \(name) disk is full", lasting: "the \(name) disk is still full",
            over: "the \(name) disk is no longer full", logger: logger, now: now)
    }

    /// The disk of the scratch folder. It is nearly full with less than a tenth of the space that uploads may take, full with less than a
    /// hundredth.
    package convenience init(scratch folder: String, bytes: Int64, logger: Logger) {
        self.init(name: "scratch", nearly: bytes / 10, least: bytes / 100, logger: logger) { Self.free(in: folder) }
    }

    /// The disk of the storage folder.
    package convenience init(storage folder: String, logger: Logger) {
        self.init(name: "storage", nearly: 2_000_000_000, least: 20_000_000, logger: logger) { Self.free(in: folder) }
    }

    /// The free bytes; nil if they are unknown.
    package var free: Int64? { seen.withLock { $0.free } }

    package var state: State {
        let moment = now()
        return seen.withLock { seen in
            if let refusedAt = seen.refusedAt, moment - refusedAt < Self.memory { return .full }
            guard let free = seen.free else { return .ok }
            return free < least ? .full : free < nearly ? .nearlyFull : .ok
        }
    }

    /// Checks the disk. Blocks for as long as the file system takes.
    package func look() {
        let free = measure()
        seen.withLock { $0.free = free }
        report()
    }

    /// Records that a write failed because the disk is full.
    package func refused() {
        let moment = now()
        seen.withLock { $0.refusedAt = moment }
        report()
    }

    private func report() {
        let details: Logger.Metadata = ["free_bytes": "\(free ?? 0)"]
        switch state {
        case .ok:
            full.works()
            low.works()
        case .nearlyFull:
            full.works()
            low.failed(details)
        case .full:
            full.failed(details)
        }
    }

    private static func free(in folder: String) -> Int64? {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return nil }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }
}
