import CCurl
import Glibc

// The bytes of a body or of one part, from which libcurl reads.
//
// Owns the file's descriptor. Used on the client's thread, where reading a local file may block.

final class BodySource {
    private enum Content {
        case bytes([UInt8])
        case file(descriptor: Int32, offset: Int64)
    }

    let length: Int64
    /// Set if reading failed, which ends the transfer.
    private(set) var failure: EgressError?
    /// How many bytes libcurl has read, including those that it read again.
    private(set) var moved = 0
    private let content: Content
    private var position: Int64 = 0

    init(_ bytes: [UInt8]) {
        content = .bytes(bytes)
        length = Int64(bytes.count)
    }

    init(path: String, offset: Int64, length: Int64) throws(EgressError) {
        guard offset >= 0, length >= 0, !path.utf8.contains(0) else {
            throw .badRequest("a file's path, offset or length is impossible")
        }
        // Non-blocking, because opening a pipe without a writer would otherwise stop all transfers.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .bodyUnreadable(errno) }
        var status = stat()
        let (end, overflow) = offset.addingReportingOverflow(length)
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, !overflow, end <= status.st_size
        else {
            Glibc.close(descriptor)
            throw .bodyUnreadable(0)
        }
        content = .file(descriptor: descriptor, offset: offset)
        self.length = length
    }

    deinit {
        if case .file(let descriptor, _) = content { Glibc.close(descriptor) }
    }

    /// - Returns: How many bytes were stored, 0 at the end, or libcurl's code to abort.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        let wanted = min(Int64(buffer.count), length - position)
        guard wanted > 0, let base = buffer.baseAddress else { return 0 }
        switch content {
        case .bytes(let bytes):
            bytes.withUnsafeBytes { source in
                buffer.copyMemory(from: .init(rebasing: source[Int(position)..<Int(position + wanted)]))
            }
            return advance(Int(wanted))
        case .file(let descriptor, let offset):
            while true {
                let count = pread(descriptor, base, Int(wanted), Int(offset + position))
                if count > 0 { return advance(count) }
                if count < 0, errno == EINTR { continue }
                failure = .bodyUnreadable(count < 0 ? errno : 0)
                return Int(CURL_READFUNC_ABORT)
            }
        }
    }

    func seek(to offset: Int64) -> Bool {
        guard (0...length).contains(offset) else { return false }
        position = offset
        return true
    }

    private func advance(_ count: Int) -> Int {
        position += Int64(count)
        moved += count
        return count
    }

    // The C callbacks. Their context is the address of the source.

    static let readCallback: curl_read_callback = { buffer, size, count, context in
        guard let buffer, let context else { return Int(CURL_READFUNC_ABORT) }
        let source = Unmanaged<BodySource>.fromOpaque(context).takeUnretainedValue()
        return source.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
    }

    static let seekCallback: curl_seek_callback = { context, offset, origin in
        guard let context, origin == SEEK_SET else { return CURL_SEEKFUNC_FAIL }
        let source = Unmanaged<BodySource>.fromOpaque(context).takeUnretainedValue()
        return source.seek(to: Int64(offset)) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
    }

    var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
}
