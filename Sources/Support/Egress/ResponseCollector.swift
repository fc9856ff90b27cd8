import Glibc

// What has come of an answer so far: header fields, and the body in memory or in its file.
//
// Every path has a cap, because the other side decides how much there is. A download stores only the body of a success;
// of another answer it keeps the first bytes, which say what was wrong, and drops the rest.

struct ResponseCollector {
    private(set) var headers = EgressHeaders()
    private(set) var body: [UInt8] = []
    private(set) var failure: EgressError?
    /// Body bytes received.
    private(set) var received = 0
    private var status = 0
    private var headerBytes = 0
    private var inHeader = false
    private let sink: Int32?
    private let limit: Int
    private let hasBody: Bool

    private static let headerLimit = 256 << 10
    private static let keptOfFailedDownload = 64 << 10

    /// - Parameter sink: Where a download goes; the descriptor stays its caller's.
    init(sink: Int32?, limit: Int, hasBody: Bool) {
        self.sink = sink
        self.limit = limit
        self.hasBody = hasBody
    }

    private var isSuccess: Bool { (200..<300).contains(status) }

    /// Takes one line of a header, or of the trailer, which is ignored.
    /// - Returns: false to end the transfer; `failure` says why.
    mutating func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= Self.headerLimit else { return fail(.badResponse) }
        if line.starts(with: "HTTP/".utf8) {
            // A new answer: after 100 Continue, or of the next hop.
            headers.removeAll()
            inHeader = true
            let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
            status = words.dropFirst().first.flatMap { Int(text($0)) } ?? 0
            return true
        }
        guard inHeader else { return true }
        let content = line.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        if content.isEmpty {
            inHeader = false
            return judgeLength()
        }
        guard let colon = content.firstIndex(of: UInt8(ascii: ":")) else { return true }
        headers.append(name: text(content[..<colon]), value: text(trimmed(content[content.index(after: colon)...])))
        return true
    }

    /// - Returns: false to end the transfer; `failure` says why.
    mutating func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        received += bytes.count
        guard received <= limit else { return fail(.responseTooLarge(limit: limit)) }
        guard let sink else {
            body.append(contentsOf: bytes)
            return true
        }
        guard isSuccess else {
            body.append(contentsOf: bytes.prefix(Self.keptOfFailedDownload - body.count))
            return true
        }
        return store(bytes, in: sink)
    }

    /// A length that is announced and too large need not be received to be refused.
    private mutating func judgeLength() -> Bool {
        guard hasBody, isSuccess, let length = headers["content-length"].flatMap(Int.init), length > limit else {
            return true
        }
        return fail(.responseTooLarge(limit: limit))
    }

    private mutating func store(_ bytes: UnsafeRawBufferPointer, in descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                rest = .init(rebasing: rest.dropFirst(count))
            } else if errno != EINTR {
                return fail(.sinkFailed(errno))
            }
        }
        return true
    }

    private mutating func fail(_ error: EgressError) -> Bool {
        failure = error
        return false
    }

    private func text(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    private func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        let leading = bytes.drop(while: isBlank)
        guard let last = leading.lastIndex(where: { !isBlank($0) }) else { return leading[leading.endIndex...] }
        return leading[...last]
    }
}
