import Concurrency
import Cryptography
import Foundation

/// Computes the SHA-256 of a file or a part of it, in blocks, on threads of its own.
enum FileDigest {
    private static let threads = BlockingCalls.concurrent("digest")

    /// Returns the SHA-256 of a part, 32 bytes.
    static func sha256(_ path: String, _ range: Range<Int64>) async throws -> [UInt8] {
        try await threads.run { try read(path, range) }
    }

    /// Returns the SHA-256 of the whole file, 32 bytes.
    static func sha256(_ path: String) async throws -> [UInt8] {
        try await threads.run { try read(path, 0..<FileSize.of(path)) }
    }

    private static func read(_ path: String, _ range: Range<Int64>) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError(errno: errno) }
        defer { close(descriptor) }
        var digest = SHA256()
        var block = [UInt8](repeating: 0, count: 1 << 20)
        var position = range.lowerBound
        while position < range.upperBound {
            let count = pread(
                descriptor, &block, Int(min(Int64(block.count), range.upperBound - position)), off_t(position))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StorageError(errno: count < 0 ? errno : EIO) }
            block.withUnsafeBytes { digest.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            position += Int64(count)
        }
        return digest.finish()
    }
}
