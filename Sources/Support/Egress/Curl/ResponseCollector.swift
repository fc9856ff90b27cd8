import Glibc

// The part of a response that has arrived: header fields, and the body in memory or in its file.
//
// Everything has a limit, because the other side decides how much it sends. A download stores only the body of a successful
// response. Of other responses it keeps the first bytes, which say what was wrong.

struct ResponseCollector {
    private(set) var headers = EgressHeaders()
    private(set) var body: [UInt8] = []
    private(set) var failure: EgressError?
    /// The wanted part of the body has come. The transfer may be ended, and is a success.
    private(set) var hasEnough = false
    /// The URL to which redirects have led so far.
    var redirectedTo: String?
    /// How many bytes of the body have been received.
    private(set) var received = 0
    private var status = 0
    private var headerBytes = 0
    private var inHeader = false
    private let sink: Int32?
    private var limit: Int
    private let hasBody: Bool
    private let keepsBody: Bool
    private let judge: EgressJudge?
    private var verdict: EgressVerdict?
    /// The beginning of the body, until there is a verdict.
    private var beginning: [UInt8] = []

    private static let headerLimit = 256 << 10
    private static let keptOfFailedDownload = 64 << 10
    private static let judgedBytes = 1024

    /// - Parameters:
    ///   - sink: The descriptor to which a download is written. The caller closes it.
    ///   - judge: Decides what to do with a successful download.
    ///   - keepsBody: False: the body is not kept, and the result does not depend on it.
    init(sink: Int32?, judge: EgressJudge? = nil, limit: Int, hasBody: Bool, keepsBody: Bool = true) {
        self.sink = sink
        self.judge = judge
        self.limit = limit
        self.hasBody = hasBody
        self.keepsBody = keepsBody
    }

    /// Whether the whole header of a final response has come.
    var hasAnswer: Bool { status >= 200 && !inHeader }

    /// Whether a final response has at least begun.
    var hasStatus: Bool { status >= 200 }

    /// The encodings in `Content-Encoding`; empty if the body is not encoded.
    var codings: [String] {
        (headers["content-encoding"] ?? "").split(separator: ",").map { $0.lowercased().filter { !$0.isWhitespace } }
            .filter { !["", "identity", "none"].contains($0) }
    }

    var isRedirect: Bool { (300..<400).contains(status) && !inHeader }

    private var isSuccess: Bool { (200..<300).contains(status) }

    /// Takes one line of a header, or of a trailer, which is ignored.
    /// - Returns: false to end the transfer; `failure` says why.
    mutating func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        headerBytes += line.count
        guard headerBytes <= Self.headerLimit else { return fail(.badResponse) }
        if !inHeader, Self.isStatusLine(line) {
            // A new response, after 100 Continue or a redirect.
            headers.removeAll()
            beginning = []
            inHeader = true
            status = Self.status(of: line)
            return true
        }
        guard inHeader else { return true }
        let content = line.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
        if content.isEmpty {
            inHeader = false
            // Too large a length ends the transfer before the first byte of the body.
            return judgeLength()
        }
        guard let colon = content.firstIndex(of: UInt8(ascii: ":")) else { return true }
        headers.append(name: text(content[..<colon]), value: text(trimmed(content[content.index(after: colon)...])))
        return true
    }

    /// - Returns: false to end the transfer; `failure` says why.
    mutating func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        received += bytes.count
        // The transfer ends at the limit.
        guard keepsBody else { return received <= limit }
        if sink != nil, !isSuccess { return keep(bytes, upTo: Self.keptOfFailedDownload) }
        if case .readBeginning(let wanted)? = verdict { return keep(bytes, upTo: wanted) }
        guard received <= limit else { return fail(.responseTooLarge(limit: limit)) }
        guard let sink else {
            body.append(contentsOf: bytes)
            return true
        }
        switch verdict {
        case nil where judge != nil:
            beginning.append(contentsOf: bytes)
            return beginning.count < Self.judgedBytes || settle(in: sink)
        case .read?:
            body.append(contentsOf: bytes)
            return true
        case nil, .store?, .readBeginning?, .stop?:
            return store(bytes, in: sink)
        }
    }

    /// Keeps `wanted` bytes of the body, and ends the transfer when they have come.
    private mutating func keep(_ bytes: UnsafeRawBufferPointer, upTo wanted: Int) -> Bool {
        body.append(contentsOf: bytes.prefix(max(0, wanted - body.count)))
        hasEnough = body.count >= wanted
        return !hasEnough
    }

    /// Returns whether the line begins a response. As in libcurl, case does not matter.
    static func isStatusLine(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count > 5 && zip(line, "http/".utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    /// Returns the three digits after the first word; 0 if there are none. Some servers omit the reason phrase or use other white space.
    private static func status(of line: UnsafeRawBufferPointer) -> Int {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        let digits = line.drop { !isBlank($0) }.drop(while: isBlank).prefix { (48...57).contains($0) }
        return digits.count == 3 ? digits.reduce(0) { $0 * 10 + Int($1 - 48) } : 0
    }

    /// Must be called at the end of a complete response. If the body is shorter than `judgedBytes`, the judge is asked now.
    mutating func finish() -> Bool {
        guard let sink, isSuccess, judge != nil, verdict == nil else { return true }
        return settle(in: sink)
    }

    private mutating func settle(in sink: Int32) -> Bool {
        let beginning = beginning
        self.beginning = []
        let shown = EgressResponseHead(status: status, headers: headers, redirectedTo: redirectedTo, bytes: beginning)
        let verdict = judge?(shown) ?? .stop
        self.verdict = verdict
        switch verdict {
        case .stop: return fail(.unwanted)
        case .readBeginning(let wanted): return beginning.withUnsafeBytes { keep($0, upTo: wanted) }
        case .store(let limit), .read(let limit): self.limit = limit
        }
        guard received <= limit, judgeLength() else { return fail(.responseTooLarge(limit: limit)) }
        if case .read = verdict {
            body = beginning
            return true
        }
        return beginning.withUnsafeBytes { store($0, in: sink) }
    }

    /// Rejects a body whose announced length is too large, before it is received.
    private mutating func judgeLength() -> Bool {
        guard hasBody, keepsBody, isSuccess, let length = headers["content-length"].flatMap(Int.init), length > limit
        else {
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
