import Dispatch
import Synchronization
import Tenancy

/// One file in the spool and its share of the budget. The file is removed, and the share given back, when the last
/// reference goes.
final class SpoolFile: Sendable {
    let name: String
    let account: TenantID
    let spool: Spool
    let thread: DispatchQueue
    private let reserved: Mutex<Int64>

    init(name: String, account: TenantID, reservedBytes: Int64, spool: Spool, thread: DispatchQueue) {
        self.name = name
        self.account = account
        self.spool = spool
        self.thread = thread
        reserved = Mutex(reservedBytes)
    }

    deinit {
        let bytes = reserved.withLock { $0 }
        // Removing gigabytes takes its time: not on whichever thread let go. The share is free once they are.
        thread.async { [spool, name, account] in
            spool.directory.removeFile(name)
            spool.budget.end(bytes, of: account)
        }
    }

    var path: String { "\(spool.directory.path)/\(name)" }

    /// Makes the share at least so large: in steps, so that the budget is not asked for every block, and exactly
    /// when it runs out.
    func reserve(_ bytes: Int64) throws(SpoolError) {
        let step: Int64 = 16 * 1_024 * 1_024
        let held = reserved.withLock { $0 }
        let missing = bytes - held
        guard missing > 0 else { return }
        var more = (missing + step - 1) / step * step
        do throws(SpoolError) {
            try spool.budget.grow(by: more, beside: held, of: account)
        } catch {
            more = missing
            try spool.budget.grow(by: more, beside: held, of: account)
        }
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
