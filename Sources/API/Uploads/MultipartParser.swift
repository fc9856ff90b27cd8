import Glibc
import NIOCore

/// A streaming parser for `multipart/form-data` (RFC 7578, 2046): bytes go in as they arrive, events come out.
///
/// Memory stays constant: data events are slices of what was put in, and only a part's headers, or bytes that may be the start of a
/// boundary, are kept between calls. The same bytes give the same parts however they are cut. A line that only begins like the boundary is
/// data. Everything before the first and after the last boundary is dropped. After an error the parser must not be used again.
package struct MultipartParser {
    package enum Event: Equatable {
        case part(MultipartPart)
        /// Some of the current part's bytes; never empty.
        case data(ByteBuffer)
        case partEnd
        /// The closing boundary: whatever follows is dropped.
        case end
    }

    package static let maximumHeaderBytes = 16 * 1_024
    package static let maximumParts = 512
    /// White space that a sender may put after a boundary, in bytes.
    private static let maximumPadding = 256

    private enum State { case unnamed, preamble, headers, body, epilogue }

    /// CR LF - - and the boundary; empty while that is not known.
    private var delimiter: [UInt8] = []
    private var buffer: ByteBuffer
    private var state: State
    private var parts = 0
    /// The event that follows the one which the last step returned.
    private var pending: Event?

    /// - Parameter boundary: nil if the sender did not name it, as happens when a program sets the content type by hand. The body must then
    ///   begin with the boundary.
    /// - Throws: `invalidBoundary` unless it has 1 to 70 of RFC 2046's characters and does not end in a space.
    package init(boundary: String?) throws(MultipartError) {
        // Every boundary but the first follows a line end. This one is for the first.
        buffer = ByteBuffer(string: "\r\n")
        state = boundary == nil ? .unnamed : .preamble
        guard let boundary else { return }
        guard Self.isValid(boundary.utf8) else { throw .invalidBoundary }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    private static func isValid(_ boundary: some BidirectionalCollection<UInt8>) -> Bool {
        let allowed = Set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ".utf8)
        return (1...70).contains(boundary.count) && boundary.allSatisfy(allowed.contains)
            && boundary.last != UInt8(ascii: " ")
    }

    /// Adds the next bytes. Take out all events before adding more.
    package mutating func append(_ bytes: ByteBuffer) {
        guard state != .epilogue else { return }
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// Returns the next event, or nil if more bytes are needed.
    package mutating func next() throws(MultipartError) -> Event? {
        if let event = pending {
            pending = nil
            return event
        }
        while true {
            switch state {
            case .unnamed:
                guard try learnBoundary() else { return nil }
            case .preamble, .body:
                guard let step = nextOfContent() else { return nil }
                if case .event(let event) = step { return event }
            case .headers:
                return try nextPart().map { .part($0) }
            case .epilogue:
                return nil
            }
        }
    }

    /// Call this when no more bytes come. Throws `noBoundary` if the boundary is still unknown, and `truncated` unless the closing boundary
    /// came.
    package func finish() throws(MultipartError) {
        guard state != .unnamed else { throw .noBoundary }
        guard state == .epilogue else { throw .truncated }
    }

    /// Takes the boundary from the body's first line. Returns false if more bytes are needed.
    private mutating func learnBoundary() throws(MultipartError) -> Bool {
        let longest = 2 + 2 + 70 + 2
        // The buffer begins with a line end that the parser itself put there.
        let line = buffer.readableBytesView.prefix(longest).dropFirst(2)
        guard let end = line.firstIndex(of: 0x0D), end + 1 < line.endIndex else {
            guard buffer.readableBytes < longest else { throw .noBoundary }
            return false
        }
        let name = line[..<end].dropFirst(2)
        guard line.starts(with: "--".utf8), line[end + 1] == 0x0A, Self.isValid(name) else { throw .noBoundary }
        delimiter = Array("\r\n--".utf8) + name
        state = .preamble
        return true
    }

    // MARK: Content

    private enum Step {
        case event(Event)
        /// Bytes were consumed that are not part of an event.
        case skipped
    }

    private mutating func nextOfContent() -> Step? {
        let inBody = state == .body
        let finding = scan()
        // The bytes before a boundary, or before what may become one, are content.
        if finding.contentBytes > 0, let content = buffer.readSlice(length: finding.contentBytes), inBody {
            return .event(.data(content))
        }
        switch finding.kind {
        case .nothing:
            return nil
        case .delimiter(let length):
            buffer.moveReaderIndex(forwardBy: length)
            state = .headers
            return inBody ? .event(.partEnd) : .skipped
        case .close(let length):
            buffer.moveReaderIndex(forwardBy: length)
            buffer.clear()
            state = .epilogue
            if inBody { pending = .end }
            return .event(inBody ? .partEnd : .end)
        }
    }

    private struct Finding {
        enum Kind {
            case nothing
            case delimiter(length: Int)
            case close(length: Int)
        }
        let kind: Kind
        /// Bytes at the start of the buffer that are certainly content.
        let contentBytes: Int
    }

    /// Looks for the next boundary in the buffer. A CR is rare in media, so `memchr` does nearly all the work.
    private func scan() -> Finding {
        buffer.withUnsafeReadableBytes { bytes in
            guard let base = bytes.baseAddress else { return Finding(kind: .nothing, contentBytes: 0) }
            var from = 0
            while from < bytes.count, let hit = memchr(base + from, 0x0D, bytes.count - from) {
                let at = UnsafeRawPointer(hit) - base
                from = at + 1
                // Content full of line ends must not cost a comparison for each of them.
                if at + 2 < bytes.count, bytes[at + 1] != 0x0A || bytes[at + 2] != UInt8(ascii: "-") { continue }
                if let kind = classify(UnsafeRawBufferPointer(rebasing: bytes[at...])) {
                    return Finding(kind: kind, contentBytes: at)
                }
            }
            return Finding(kind: .nothing, contentBytes: bytes.count)
        }
    }

    /// Returns what a CR begins: a boundary; nil for mere content; `nothing` if more bytes are needed to tell.
    private func classify(_ bytes: UnsafeRawBufferPointer) -> Finding.Kind? {
        let length = delimiter.count
        guard bytes.prefix(length).elementsEqual(delimiter.prefix(bytes.count)) else { return nil }
        var at = length
        guard at < bytes.count else { return .nothing }
        if bytes[at] == UInt8(ascii: "-") {
            guard at + 1 < bytes.count else { return .nothing }
            return bytes[at + 1] == UInt8(ascii: "-") ? .close(length: at + 2) : nil
        }
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 {
            at += 1
            if at - length > Self.maximumPadding { return nil }
        }
        guard at < bytes.count else { return .nothing }
        guard bytes[at] == 0x0D else { return nil }
        guard at + 1 < bytes.count else { return .nothing }
        return bytes[at + 1] == 0x0A ? .delimiter(length: at + 2) : nil
    }

    // MARK: Headers

    private mutating func nextPart() throws(MultipartError) -> MultipartPart? {
        guard let length = headerBlockLength() else {
            guard buffer.readableBytes <= Self.maximumHeaderBytes else {
                throw .headersTooLarge(limitBytes: Self.maximumHeaderBytes)
            }
            return nil
        }
        guard length <= Self.maximumHeaderBytes else { throw .headersTooLarge(limitBytes: Self.maximumHeaderBytes) }
        parts += 1
        guard parts <= Self.maximumParts else { throw .tooManyParts(limit: Self.maximumParts) }
        guard length > 0, let block = buffer.readBytes(length: length) else { throw .noName }
        buffer.moveReaderIndex(forwardBy: 4)
        state = .body
        return try MultipartPart(headerBlock: block)
    }

    /// Returns the number of bytes before the empty line that ends a part's headers; nil if that line has not come yet.
    private func headerBlockLength() -> Int? {
        buffer.withUnsafeReadableBytes { bytes in
            if bytes.count >= 2, bytes[0] == 0x0D, bytes[1] == 0x0A { return 0 }
            guard let base = bytes.baseAddress else { return nil }
            var from = 0
            while from + 4 <= bytes.count, let hit = memchr(base + from, 0x0D, bytes.count - from) {
                let at = UnsafeRawPointer(hit) - base
                guard at + 4 <= bytes.count else { return nil }
                if bytes[at + 1] == 0x0A, bytes[at + 2] == 0x0D, bytes[at + 3] == 0x0A { return at }
                from = at + 1
            }
            return nil
        }
    }
}
