import Concurrency
import Glibc
import NIOCore
import Pipeline

/// Writes one file of the spool, in blocks of 1 MiB, on one of the spool's threads.
///
/// Used by one task. If it is released without `finish`, the file is closed and removed.
package final class SpoolWriter {
    private static let blockBytes = Int(Spool.windowBytes)

    private let file: SpoolFile
    private let descriptor: Int32
    private var block = ByteBuffer()
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
            let room = Self.blockBytes - block.readableBytes
            guard var piece = chunk.readSlice(length: min(room, chunk.readableBytes)) else { return }
            if block.capacity == 0 { block.reserveCapacity(Self.blockBytes) }
            block.writeBuffer(&piece)
            if block.readableBytes == Self.blockBytes { try await flush() }
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

    private func flush() async throws(SpoolError) {
        guard block.readableBytes > 0 else { return }
        let (full, descriptor) = (block, descriptor)
        // Dropped here, so that the thread's copy is the only one and its memory can be used again.
        block = ByteBuffer()
        do {
            block = try await file.calls.run { () throws(SpoolError) in
                try Self.write(full, to: descriptor)
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
