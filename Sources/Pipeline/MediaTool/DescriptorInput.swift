import CAV
import Glibc

/// The file to work on. It may be read from the beginning more than once.
package struct Input {
    let descriptor: Int32
    /// Bytes in the file when the tool started. Bytes that are appended later are not read.
    let size: Int64

    package init(descriptor: Int32, size: Int64) {
        self.descriptor = descriptor
        self.size = size
    }
}

/// libav's only source of bytes: one open, regular, seekable file.
///
/// Owns the `AVIOContext` and its buffer. Reads by position, so that an offset shared with another process does no harm.
final class DescriptorInput {
    /// Bytes in the file when the tool started. Bytes that are appended later are not read.
    let size: Int64
    /// Where libav reads next, in bytes from the start.
    private(set) var position: Int64 = 0
    private(set) var context: UnsafeMutablePointer<AVIOContext>?
    private let descriptor: Int32

    private static let bufferSize = 64 << 10
    init(descriptor: Int32, size: Int64) throws {
        self.descriptor = descriptor
        self.size = size
        // libav reads a margin beyond the bytes of its buffers.
        let buffer = av_malloc(Self.bufferSize + Int(AV_INPUT_BUFFER_PADDING_SIZE))
        guard let buffer else { throw Refusal(.decodeFailed, "out of memory") }
        let created = avio_alloc_context(
            buffer.assumingMemoryBound(to: UInt8.self), Int32(Self.bufferSize), 0,
            Unmanaged.passUnretained(self).toOpaque(),
            { opaque, buffer, count in
                DescriptorInput.of(opaque)?.read(into: buffer, count: count) ?? verbatim_av_error_io
            },
            nil,
            { opaque, offset, origin in
                DescriptorInput.of(opaque)?.seek(to: offset, from: origin) ?? Int64(verbatim_av_error_io)
            })
        guard let created else {
            av_free(buffer)
            throw Refusal(.decodeFailed, "out of memory")
        }
        created.pointee.seekable = AVIO_SEEKABLE_NORMAL
        context = created
    }

    deinit {
        // libav may have replaced the buffer it was given.
        av_free(context?.pointee.buffer)
        avio_context_free(&context)
    }

    /// Returns the file's first bytes, at most `count`, without changing `position`.
    func head(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = pread(descriptor, &bytes, count, 0)
        return Array(bytes[..<max(0, read)])
    }

    private static func of(_ opaque: UnsafeMutableRawPointer?) -> DescriptorInput? {
        opaque.map { Unmanaged<DescriptorInput>.fromOpaque($0).takeUnretainedValue() }
    }

    private func read(into buffer: UnsafeMutablePointer<UInt8>?, count: Int32) -> Int32 {
        let wanted = min(Int64(count), size - position)
        guard wanted > 0 else { return verbatim_av_error_eof }
        while true {
            let read = pread(descriptor, buffer, Int(wanted), off_t(position))
            if read > 0 {
                position += Int64(read)
                return Int32(read)
            }
            if read == 0 { return verbatim_av_error_eof }
            guard errno == EINTR else { return verbatim_av_error_io }
        }
    }

    private func seek(to offset: Int64, from origin: Int32) -> Int64 {
        let start: Int64
        switch origin & ~AVSEEK_FORCE {
        case AVSEEK_SIZE: return size
        case SEEK_SET: start = 0
        case SEEK_CUR: start = position
        case SEEK_END: start = size
        default: return Int64(verbatim_av_error_invalid_data)
        }
        let (target, overflow) = start.addingReportingOverflow(offset)
        guard !overflow, target >= 0 else { return Int64(verbatim_av_error_invalid_data) }
        // As with any file, seeking beyond the end is allowed; reading there returns the end of the file.
        position = target
        return target
    }
}
