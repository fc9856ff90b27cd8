import Dispatch
import Foundation

/// The decoded signal of one job on local disk: 16 kHz, mono, 16 bit.
///
/// The file has no name, so nothing of it stays when this process ends, however it ends.
final class PCMSpool: Sendable {
    // O_TMPFILE, which Swift's import of the headers leaves out: __O_TMPFILE | O_DIRECTORY.
    private static let unnamed: Int32 = 0o20_000_000 | O_DIRECTORY

    private let descriptor: Int32
    private let thread = DispatchQueue(label: "pcm")

    init(folder: String) throws {
        let unnamed = open(folder, Self.unnamed | O_RDWR | O_CLOEXEC, 0o600)
        descriptor = unnamed < 0 && (errno == EOPNOTSUPP || errno == EISDIR) ? Self.openUnlinked(in: folder) : unnamed
        guard descriptor >= 0 else { throw StorageError(errno: errno) }
    }

    /// For file systems that know no files without a name (some overlays, NFS): one that loses its name at once.
    private static func openUnlinked(in folder: String) -> Int32 {
        var path = Array("\(folder)/pcm-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { return descriptor }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(path)
        return descriptor
    }

    deinit { close(descriptor) }

    /// Writes `bytes` at the end.
    func append(_ bytes: [UInt8]) async throws {
        try await blocking { [descriptor] in
            try bytes.withUnsafeBytes { buffer in
                var rest = UnsafeRawBufferPointer(buffer)
                while !rest.isEmpty {
                    let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
                    if written < 0, errno == EINTR { continue }
                    guard written > 0 else { throw StorageError(errno: errno) }
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                }
            }
        }
    }

    /// The samples of `range` as a WAV file.
    func wav(_ range: Range<Int64>) async throws -> [UInt8] {
        try await blocking { [descriptor] in
            let length = range.count * Samples.bytesEach
            var wav = WAVHeader.mono16kHz(dataBytes: length)
            let header = wav.count
            wav.append(contentsOf: repeatElement(0, count: length))
            try wav.withUnsafeMutableBytes { buffer in
                var done = 0
                while done < length {
                    let read = pread(
                        descriptor, buffer.baseAddress?.advanced(by: header + done), length - done,
                        Int(range.lowerBound) * Samples.bytesEach + done)
                    if read < 0, errno == EINTR { continue }
                    guard read > 0 else { throw StorageError(errno: read < 0 ? errno : EIO) }
                    done += read
                }
            }
            return wav
        }
    }

    private func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            thread.async { continuation.resume(with: Result(catching: body)) }
        }
    }
}
