import Synchronization
import Tenancy

/// The bytes and the files that all uploads under way may take on the local disk together, and each account of them.
///
/// An account may hold as much as it leaves free: one alone half of everything, two a third each, and so on. So whoever comes finds room,
/// however much the others have sent. Only the one upload in an otherwise empty spool may take all of it, because a file larger than
/// half the budget could never come in else.
final class SpoolBudget: Sendable {
    private struct Holding {
        var bytes: Int64 = 0
        var files = 0
    }

    private struct State {
        var all = Holding()
        var accounts: [TenantID: Holding] = [:]
    }

    private let limit: Holding
    private let state = Mutex(State())

    init(bytes: Int64, files: Int) { limit = Holding(bytes: bytes, files: files) }

    /// Takes a place for one more file and its first bytes or, when there is no room for them, nothing.
    func begin(_ bytes: Int64, of account: TenantID) throws(SpoolError) {
        try take(Holding(bytes: bytes, files: 1), of: account, beside: 0)
    }

    /// Takes more bytes for a file that has so many or, when there is no room for all of them, none.
    func grow(by bytes: Int64, beside held: Int64, of account: TenantID) throws(SpoolError) {
        try take(Holding(bytes: bytes), of: account, beside: held)
    }

    func giveBack(_ bytes: Int64, of account: TenantID) { giveBack(Holding(bytes: bytes), of: account) }

    /// The file is gone, and with it the bytes that it had left.
    func end(_ bytes: Int64, of account: TenantID) { giveBack(Holding(bytes: bytes, files: 1), of: account) }

    /// Bytes that are taken now.
    var usedBytes: Int64 { state.withLock { $0.all.bytes } }

    /// Accounts that hold anything now.
    var accounts: Int { state.withLock { $0.accounts.count } }

    private func take(_ more: Holding, of account: TenantID, beside held: Int64) throws(SpoolError) {
        let refusal = state.withLock { state -> SpoolError? in
            let mine = state.accounts[account] ?? Holding()
            guard fits(more, into: mine, of: state.all) else {
                let others = Holding(bytes: state.all.bytes - mine.bytes, files: state.all.files - mine.files)
                let whole = Holding(bytes: held + more.bytes, files: 1)
                // Its own other uploads are in its way only if it would find room without them.
                return mine.files + more.files > 1 && fits(whole, into: Holding(), of: others)
                    ? .shareExhausted : .budgetExhausted
            }
            state.all = Holding(bytes: state.all.bytes + more.bytes, files: state.all.files + more.files)
            state.accounts[account] = Holding(bytes: mine.bytes + more.bytes, files: mine.files + more.files)
            return nil
        }
        if let refusal { throw refusal }
    }

    private func fits(_ more: Holding, into mine: Holding, of all: Holding) -> Bool {
        let free = Holding(bytes: limit.bytes - all.bytes - more.bytes, files: limit.files - all.files - more.files)
        guard free.bytes >= 0, free.files >= 0 else { return false }
        let isOnlyFile = all.files + more.files == 1
        return isOnlyFile || mine.bytes + more.bytes <= free.bytes && mine.files + more.files <= free.files
    }

    private func giveBack(_ less: Holding, of account: TenantID) {
        state.withLock { state in
            let mine = state.accounts[account] ?? Holding()
            let left = Holding(bytes: mine.bytes - less.bytes, files: mine.files - less.files)
            state.all = Holding(bytes: state.all.bytes - less.bytes, files: state.all.files - less.files)
            state.accounts[account] = left.files == 0 ? nil : left
        }
    }
}
