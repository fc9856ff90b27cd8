import Concurrency
import Files
import Glibc
import NIOCore
import Pipeline

/// Writes one file of the spool, in blocks of at most 1 MiB, on one of the spool's threads.
///
/// Used by one task. If it is released without `finish`, the file is closed and removed.
package final class SpoolWriter {
    /// How much is written between two calls that have the disk begin.
    private static let flushedBytes: Int64 = 8 * 1_024 * 1_024

    private let file: SpoolFile
    private let descriptor: Int32
    private var block = ByteBuffer()
    /// At how many bytes the block is written.
    private var blockBytes = 0
    private var written: Int64 = 0
    /// How much of it the disk was told to write.
    private var begun: Int64 = 0
    /// Bytes appended so far.
    package private(set) var bytes: Int64 = 0

    init(file: SpoolFile, descriptor: Int32) {
        self.file = file
        self.descriptor = descriptor
    }

    deinit {
        let descriptor = descriptor
        file.calls.start { close(descriptor) }
    }

    /// Appends bytes; waits while a full block is written, and while there is no room for them.
    package func append(_ chunk: ByteBuffer) async throws(SpoolError) {
        bytes += Int64(chunk.readableBytes)
        try await file.reserve(bytes)
        var chunk = chunk
        while chunk.readableBytes > 0 {
            if block.readableBytes == 0 { fitBlock() }
            let room = blockBytes - block.readableBytes
            guard var piece = chunk.readSlice(length: min(room, chunk.readableBytes)) else { return }
            block.writeBuffer(&piece)
            if block.readableBytes == blockBytes { try await flush() }
        }
    }

    /// Writes what is left. The file stays for as long as the result is held.
    ///
    /// - Parameter originalName: what the customer called it; kept for display only.
    package func finish(originalName: String?) async throws(SpoolError) -> SpooledFile {
        try await flush()
        file.settle(bytes)
        return SpooledFile(file: file, bytes: bytes, originalName: DisplayName(originalName).text)
    }

    /// Makes the empty block as large as it may be now.
    private func fitBlock() {
        blockBytes = file.spool.blockBytes
        if block.capacity > blockBytes { block = ByteBuffer() }
        block.reserveCapacity(blockBytes)
    }

    private func flush() async throws(SpoolError) {
        guard block.readableBytes > 0 else { return }
        let (full, descriptor) = (block, descriptor)
        written += Int64(block.readableBytes)
        let toDisk = file.spool.isFlushed && written - begun >= Self.flushedBytes ? begun..<written : nil
        if let toDisk { begun = toDisk.upperBound }
        // Dropped here, so that the thread's copy is the only one and its memory can be used again.
        block = ByteBuffer()
        do {
            block = try await file.calls.run { () throws(SpoolError) in
                try Self.write(full, to: descriptor)
                // What it cannot begin now, the flush at the end does.
                if let toDisk { Writeback.begin(toDisk, of: descriptor) }
                var empty = full
                empty.clear()
                return empty
            }
        } catch {
            if error == .storageFull { file.spool.room?.refused() }
            throw error
        }
    }

    private static func write(_ block: ByteBuffer, to descriptor: Int32) throws(SpoolError) {
        let failure: SpoolError? = block.withUnsafeReadableBytes { bytes in
            var at = 0
            while at < bytes.count {
                let written = Glibc.write(descriptor, bytes.baseAddress.map { $0 + at }, bytes.count - at)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return SpoolError(call: "write") }
                at += written
            }
            return nil
        }
        if let failure { throw failure }
    }
}
