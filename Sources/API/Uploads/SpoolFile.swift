import Concurrency
import Synchronization
import Tenancy

/// One file in the spool and its share of the budget. The last reference to it removes the file and gives back the share.
final class SpoolFile: Sendable {
    let name: String
    let account: TenantID
    let spool: Spool
    let calls: BlockingCalls
    private let expectedBytes: Int64?
    private let reserved: Mutex<Int64>

    init(
        name: String, account: TenantID, reservedBytes: Int64, expectedBytes: Int64?, spool: Spool,
        calls: BlockingCalls
    ) {
        self.name = name
        self.account = account
        self.spool = spool
        self.calls = calls
        self.expectedBytes = expectedBytes
        reserved = Mutex(reservedBytes)
    }

    deinit {
        let bytes = reserved.withLock { $0 }
        // Removing gigabytes takes time, so it is not done on the thread that released the file. Only then is the share free.
        calls.start { [spool, name, account] in
            spool.directory.removeFile(name)
            spool.budget.end(bytes, of: account)
        }
    }

    var path: String { "\(spool.directory.path)/\(name)" }

    /// Makes the share at least so large. Takes a window ahead, so that the budget is not asked for every block, but no more than the file
    /// still needs, and exactly `bytes` if the budget runs out. If there is no room, it waits for some, at most for the budget's time-out.
    func reserve(_ bytes: Int64) async throws(SpoolError) {
        let held = reserved.withLock { $0 }
        guard bytes > held else { return }
        let ahead = max(bytes, min(bytes + Spool.windowBytes, expectedBytes ?? .max))
        let more = try await spool.budget.grow(by: bytes - held, to: ahead - held, beside: held, for: account)
        reserved.withLock { $0 += more }
    }

    /// Gives back what the finished file does not need.
    func settle(_ bytes: Int64) {
        let surplus = reserved.withLock { reserved in
            defer { reserved = min(reserved, bytes) }
            return max(0, reserved - bytes)
        }
        spool.budget.giveBack(surplus, of: account)
    }
}

/// A complete upload in the spool. It is removed with the last copy of this value, unless it was moved away.
package struct SpooledFile: Sendable {
    private let file: SpoolFile
    /// Its size in bytes.
    package let bytes: Int64
    /// What the customer called it, made safe to show: never a path.
    package let originalName: String

    init(file: SpoolFile, bytes: Int64, originalName: String) {
        self.file = file
        self.bytes = bytes
        self.originalName = originalName
    }

    /// Where it is now, absolute if the spool's path was. Open it, or rename it away, while this value is held.
    package var path: String { file.path }
}
