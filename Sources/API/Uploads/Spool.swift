import Concurrency
import Pipeline
import Synchronization
import Tenancy

/// Where uploads wait on the local disk until they are probed and moved to storage.
///
/// All files together stay within one budget, and no account takes what others need of it. Only this user can read them. A file is removed
/// when its last owner releases it, on success and on every failure; after a crash, the next start removes it. Disk calls run on a few
/// threads of their own, never on an event loop or Swift's pool.
package final class Spool: Sendable {
    /// How many bytes a file reserves ahead of what has arrived: at least a memory block.
    static let windowBytes: Int64 = 1_024 * 1_024
    /// What the memory blocks of all files may take together, in bytes, as long as none must be smaller than `smallestBlock`.
    package static let blocksBytes = 16 * 1_024 * 1_024
    private static let smallestBlock = 64 * 1_024

    let budget: SpoolBudget
    let directory: SpoolDirectory
    /// What is free on the disk; nil if that is unknown.
    let room: DiskSpace?
    /// Whether the files will be flushed to this disk in the end.
    let isFlushed: Bool
    private let threads: [BlockingCalls]
    private let next = Atomic<Int>(0)

    /// - Parameters:
    ///   - path: a directory for spools, created if it is missing; other processes may use the same one.
    ///   - budgetBytes: what all files of this process may take together.
    ///   - maximumFiles: how many there may be; each is written through a block of memory.
    ///   - threads: how many files are written at the same moment.
    ///   - timeout: how long an upload waits if it runs out of room.
    ///   - room: what is free on the disk, which may be less than the budget.
    ///   - isFlushed: whether the files will be flushed to this disk in the end. Then the disk begins while they arrive.
    package static func open(
        at path: String, budgetBytes: Int64, maximumFiles: Int = 512, threads: Int = 4, timeout: Duration = .zero,
        room: DiskSpace? = nil, isFlushed: Bool = false
    ) async throws(SpoolError) -> Spool {
        let queues = (0..<max(1, threads)).map { BlockingCalls("verbatim.spool.\($0)") }
        let directory = try await queues[0].run { () throws(SpoolError) in try SpoolDirectory(root: path) }
        return Spool(
            directory: directory,
            budget: SpoolBudget(bytes: budgetBytes, files: maximumFiles, timeout: timeout), room: room,
            isFlushed: isFlushed, threads: queues)
    }

    private init(
        directory: SpoolDirectory, budget: SpoolBudget, room: DiskSpace?, isFlushed: Bool, threads: [BlockingCalls]
    ) {
        self.room = room
        self.isFlushed = isFlushed
        self.directory = directory
        self.budget = budget
        self.threads = threads
    }

    /// Bytes of the budget that are taken now.
    package var usedBytes: Int64 { budget.usedBytes }

    /// How large the memory block is through which a file is written now, in bytes: the more files, the smaller.
    package var blockBytes: Int {
        let share = Self.blocksBytes / max(1, budget.files)
        return min(Int(Self.windowBytes), max(Self.smallestBlock, 1 << (Int.bitWidth - 1 - share.leadingZeroBitCount)))
    }

    /// Accounts with uploads in progress.
    package var accounts: Int { budget.accounts }

    /// Uploads that have run out of room and wait for some.
    package var waiting: Int { budget.waiting }

    /// Creates a file to write to.
    ///
    /// - Parameters:
    ///   - account: whose upload it is.
    ///   - expectedBytes: the most bytes that will come, if that is known. If there is no room for so many now, the upload fails before it
    ///     begins. Room is taken as the bytes arrive.
    package func create(
        for account: TenantID, expectedBytes: Int64? = nil
    ) async throws(SpoolError) -> SpoolWriter {
        let thread = threads[next.wrappingAdd(1, ordering: .relaxed).oldValue % threads.count]
        // If its size is unknown, there must at least be room for something.
        let whole = max(1, expectedBytes ?? 1)
        let reserved = min(whole, Self.windowBytes)
        // Rejected before it begins, while uploads in progress still fit.
        if let room, room.state == .full || (room.free ?? .max) < whole { throw .storageFull }
        try budget.begin(reserved, of: whole, for: account)
        do {
            let directory = directory
            let file = try await thread.run { () throws(SpoolError) in try directory.createFile() }
            return SpoolWriter(
                file: SpoolFile(
                    name: file.name, account: account, reservedBytes: reserved, expectedBytes: expectedBytes,
                    spool: self, calls: thread),
                descriptor: file.descriptor)
        } catch {
            budget.end(reserved, of: account)
            if error == .storageFull { room?.refused() }
            throw error
        }
    }
}
