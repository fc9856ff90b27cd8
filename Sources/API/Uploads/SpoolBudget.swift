import Synchronization
import Tenancy

/// How many bytes and files on the local disk the uploads in progress may take together, and how many of these an account.
///
/// What has arrived counts, plus a small window ahead of it; a size that a client only declares takes nothing. An account may hold as much
/// as it leaves free: one alone half of everything, two a third each, and so on. So there is room for a newcomer, however much the others
/// have sent. Only if there is no other file, an upload may take everything: otherwise a file larger than half the budget could never be
/// received.
///
/// An upload that runs out of room waits for some, at most for `timeout`. Then, of all that wait, the one whose account holds most is given
/// up first, so that an account that holds little never loses an upload to one that holds much.
final class SpoolBudget: Sendable {
    struct Holding {
        var bytes: Int64 = 0
        var files = 0
    }

    private struct Waiter {
        let id: UInt64
        let account: TenantID
        let bytes: Int64
        /// What its own file holds already.
        let held: Int64
        let continuation: CheckedContinuation<SpoolError?, Never>
    }

    private struct State {
        var all = Holding()
        var accounts: [TenantID: Holding] = [:]
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        var lastYield: ContinuousClock.Instant?
    }

    private let limit: Holding
    private let timeout: Duration
    private let state = Mutex(State())

    init(bytes: Int64, files: Int, timeout: Duration) {
        limit = Holding(bytes: bytes, files: files)
        self.timeout = timeout
    }

    /// Takes room for one more file and its first bytes. Takes nothing if there is no room now for the whole file.
    ///
    /// - Parameter whole: how large it says it will be, in bytes.
    /// - Throws: `shareExhausted` if it would fit without the account's other uploads, else `budgetExhausted`.
    func begin(_ bytes: Int64, of whole: Int64, for account: TenantID) throws(SpoolError) {
        let refusal = state.withLock { state -> SpoolError? in
            let asked = Holding(bytes: max(bytes, whole), files: 1)
            if let refusal = shortage(of: asked, for: account, beside: 0, state) { return refusal }
            Self.add(Holding(bytes: bytes, files: 1), to: account, &state)
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Takes more bytes for a file that has `held` bytes already: those that are wanted, or, if there is no room for so many, those that
    /// are needed. Waits for room if there is none for these either.
    ///
    /// - Returns: the number of bytes taken.
    func grow(by needed: Int64, to wanted: Int64, beside held: Int64, for account: TenantID) async throws(SpoolError)
        -> Int64
    {
        for bytes in [wanted, needed] where take(bytes, beside: held, for: account) { return bytes }
        if let refusal = await wait(for: needed, beside: held, account) { throw refusal }
        return needed
    }

    func giveBack(_ bytes: Int64, of account: TenantID) { giveBack(Holding(bytes: bytes), of: account) }

    /// Gives back a file that is gone, and the bytes that it still had.
    func end(_ bytes: Int64, of account: TenantID) { giveBack(Holding(bytes: bytes, files: 1), of: account) }

    /// Bytes that are taken now.
    var usedBytes: Int64 { state.withLock { $0.all.bytes } }

    /// Files that there are now.
    var files: Int { state.withLock { $0.all.files } }

    /// Accounts that hold something now.
    var accounts: Int { state.withLock { $0.accounts.count } }

    /// Uploads that have run out of room and wait for some.
    var waiting: Int { state.withLock { $0.waiters.count } }

    private func take(_ bytes: Int64, beside held: Int64, for account: TenantID) -> Bool {
        state.withLock { state in
            let more = Holding(bytes: bytes)
            guard shortage(of: more, for: account, beside: held, state) == nil else { return false }
            Self.add(more, to: account, &state)
            return true
        }
    }

    private func shortage(
        of more: Holding, for account: TenantID, beside held: Int64, _ state: State
    ) -> SpoolError? {
        let mine = state.accounts[account] ?? Holding()
        if fits(more, into: mine, of: state.all) { return nil }
        let others = Holding(bytes: state.all.bytes - mine.bytes, files: state.all.files - mine.files)
        let whole = Holding(bytes: held + more.bytes, files: 1)
        // Its own other uploads are in its way only if it would find room without them.
        return mine.files + more.files > 1 && fits(whole, into: Holding(), of: others)
            ? .shareExhausted : .budgetExhausted
    }

    private func fits(_ more: Holding, into mine: Holding, of all: Holding) -> Bool {
        let free = Holding(bytes: limit.bytes - all.bytes - more.bytes, files: limit.files - all.files - more.files)
        guard free.bytes >= 0, free.files >= 0 else { return false }
        let isOnlyFile = all.files + more.files == 1
        return isOnlyFile || mine.bytes + more.bytes <= free.bytes && mine.files + more.files <= free.files
    }

    private static func add(_ more: Holding, to account: TenantID, _ state: inout State) {
        let mine = state.accounts[account] ?? Holding()
        state.all = Holding(bytes: state.all.bytes + more.bytes, files: state.all.files + more.files)
        state.accounts[account] = Holding(bytes: mine.bytes + more.bytes, files: mine.files + more.files)
    }

    private func giveBack(_ less: Holding, of account: TenantID) {
        let served = state.withLock { state in
            let mine = state.accounts[account] ?? Holding()
            let left = Holding(bytes: mine.bytes - less.bytes, files: mine.files - less.files)
            state.all = Holding(bytes: state.all.bytes - less.bytes, files: state.all.files - less.files)
            state.accounts[account] = left.files == 0 ? nil : left
            return serve(&state)
        }
        for waiter in served { waiter.continuation.resume(returning: nil) }
    }

    /// Takes what those that wait need, first come, first served, and returns those that got it. One that doesn't fit holds up nobody
    /// behind it.
    private func serve(_ state: inout State) -> [Waiter] {
        var served: [Waiter] = []
        for waiter in state.waiters {
            let more = Holding(bytes: waiter.bytes)
            guard shortage(of: more, for: waiter.account, beside: waiter.held, state) == nil else { continue }
            Self.add(more, to: waiter.account, &state)
            served.append(waiter)
        }
        let ids = Set(served.map(\.id))
        state.waiters.removeAll { ids.contains($0.id) }
        return served
    }
}

// How an upload waits for room.
extension SpoolBudget {
    /// Waits for room. Returns nil once the bytes are taken, else why there was none.
    private func wait(for bytes: Int64, beside held: Int64, _ account: TenantID) async -> SpoolError? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let clock = Task { await keepTime(id) }
        defer { clock.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome: SpoolError?? = state.withLock { state in
                    guard let refusal = shortage(of: Holding(bytes: bytes), for: account, beside: held, state) else {
                        Self.add(Holding(bytes: bytes), to: account, &state)
                        return .some(nil)
                    }
                    if timeout == .zero || Task.isCancelled { return refusal }
                    state.waiters.append(
                        Waiter(id: id, account: account, bytes: bytes, held: held, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            giveUp { $0.first { $0.id == id } }
        }
    }

    /// Ends a wait when this one has lasted too long: that of the account that holds most, which may be another one.
    private func keepTime(_ id: UInt64) async {
        var pause = timeout
        while (try? await Task.sleep(for: pause)) != nil, state.withLock({ $0.waiters.contains { $0.id == id } }) {
            // An upload that was given up gives back its bytes in a moment, and they may be enough for the others.
            pause = timeout / 10
            let now = ContinuousClock.now
            let isTime = state.withLock { state in
                if let last = state.lastYield, now - last < pause { return false }
                state.lastYield = now
                return true
            }
            if isTime { giveUpLargest() }
        }
    }

    private func giveUpLargest() {
        let accounts = state.withLock { $0.accounts }
        giveUp { $0.max { (accounts[$0.account]?.bytes ?? 0) < (accounts[$1.account]?.bytes ?? 0) } }
    }

    private func giveUp(_ choose: ([Waiter]) -> Waiter?) {
        let given = state.withLock { state -> (Waiter, SpoolError)? in
            guard let waiter = choose(state.waiters) else { return nil }
            state.waiters.removeAll { $0.id == waiter.id }
            let more = Holding(bytes: waiter.bytes)
            return (waiter, shortage(of: more, for: waiter.account, beside: waiter.held, state) ?? .budgetExhausted)
        }
        if let (waiter, refusal) = given { waiter.continuation.resume(returning: refusal) }
    }
}
