/// What a URL of the simulator serves, and how.
package struct MediaResource: Sendable {
    package enum Framing: Sendable {
        case length, chunked
        /// The end of the connection ends the body.
        case close
        /// A wrong `Content-Length`.
        case lying(Int)
    }

    package var status = 200
    /// The answer's first line, where it is not `HTTP/1.1` with the status; and what ends its lines.
    package var statusLine: String?
    package var lineEnd = "\r\n"
    package var type: String?
    package var body: [UInt8] = []
    package var headers: [String] = []
    package var framing = Framing.length
    /// An entity tag, with its quotes; with one, ranges are served.
    package var tag: String?
    /// After how many bytes of a body the connection breaks, one answer after the other; then no more.
    package var breaks: [Int] = []
    /// After how many bytes of a body nothing comes any more, one answer after the other; then no more.
    package var stalls: [Int] = []
    /// The body comes again and again.
    package var isEndless = false
    /// What a request is answered with instead; nil: this. So a test decides about ranges and what stands in their heads.
    package var answering: (@Sendable (MediaSimulator.Request) -> MediaResource?)?

    package init(
        status: Int = 200, type: String? = nil, body: [UInt8] = [], headers: [String] = [], framing: Framing = .length,
        tag: String? = nil, breaks: [Int] = [], stalls: [Int] = [], isEndless: Bool = false,
        answering: (@Sendable (MediaSimulator.Request) -> MediaResource?)? = nil
    ) {
        self.status = status
        self.type = type
        self.body = body
        self.headers = headers
        self.framing = framing
        self.tag = tag
        self.breaks = breaks
        self.stalls = stalls
        self.isEndless = isEndless
        self.answering = answering
    }

    package static func text(_ text: String, type: String = "text/html") -> MediaResource {
        MediaResource(type: type, body: Array(text.utf8))
    }

    /// A part, as its head says it: `range` is the field's value, whatever `body` holds.
    package static func part(_ body: some Collection<UInt8>, range: String, headers: [String] = []) -> MediaResource {
        MediaResource(
            status: 206, type: "audio/mpeg", body: Array(body), headers: ["Content-Range: bytes \(range)"] + headers)
    }

    package static func redirect(to target: String, status: Int = 302) -> MediaResource {
        MediaResource(status: status, headers: ["Location: \(target)"])
    }
}
