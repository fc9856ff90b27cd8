/// What lies at an address, and how it is served.
package struct MediaResource: Sendable {
    package enum Framing: Sendable {
        case length, chunked
        /// The body ends with the connection.
        case close
        /// A `Content-Length` that is not so.
        case lying(Int)
    }

    package var status = 200
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

    package init(
        status: Int = 200, type: String? = nil, body: [UInt8] = [], headers: [String] = [], framing: Framing = .length,
        tag: String? = nil, breaks: [Int] = [], stalls: [Int] = [], isEndless: Bool = false
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
    }

    package static func text(_ text: String, type: String = "text/html") -> MediaResource {
        MediaResource(type: type, body: Array(text.utf8))
    }

    package static func redirect(to target: String, status: Int = 302) -> MediaResource {
        MediaResource(status: status, headers: ["Location: \(target)"])
    }
}
