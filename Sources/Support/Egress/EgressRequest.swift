// An outgoing request.

package struct EgressRequest: Sendable {
    package var method: String
    /// The URL with its scheme, `http` or `https`.
    package var url: String
    /// A Unix socket to which to connect instead of the URL's host. Only for the operator's own services.
    package var unixSocketPath: String?
    /// Sent as given, also after redirects. Only `Authorization` and `Cookie` are not sent to other hosts. The caller must not set
    /// the body's length or framing.
    package var headers: [(name: String, value: String)]
    package var body: EgressBody
    package var limits: EgressLimits
    /// How many redirects are followed. With 0, a redirect is a response like any other.
    package var redirects: Int
    package var trust: EgressTrust
    /// Whether the request gets a new connection, which is closed afterward. Then the request is sent at most once.
    package var ownConnection: Bool
    /// False: the response counts when its header has come, whatever happens to its body. The body is read up to the limit, and
    /// not kept.
    package var needsBody: Bool
    /// False: the request begins at once, however many others are running or waiting, and does not count as one of them. For health checks, of
    /// which one runs at a time: otherwise an overloaded service would delay its own checks.
    package var waitsInLine: Bool
    /// Whether a compressed body is decoded. The limit then applies to the decoded size.
    package var decodesBody = true
    /// False: the body ends with its connection, whatever `Content-Length` says. For servers whose value is not a number.
    package var believesLength = true
    /// Only checks the addresses, and connects to none.
    var isProbe = false

    package init(
        method: String = "GET", url: String, unixSocketPath: String? = nil,
        headers: [(name: String, value: String)] = [], body: EgressBody = .none,
        limits: EgressLimits, redirects: Int = 0, trust: EgressTrust, ownConnection: Bool = false,
        needsBody: Bool = true, waitsInLine: Bool = true
    ) {
        self.method = method
        self.url = url
        self.unixSocketPath = unixSocketPath
        self.headers = headers
        self.body = body
        self.limits = limits
        self.redirects = redirects
        self.trust = trust
        self.ownConnection = ownConnection
        self.needsBody = needsBody
        self.waitsInLine = waitsInLine
    }
}

/// Who supplied a URL.
package enum EgressTrust: Sendable, Hashable, CaseIterable {
    /// The operator: an engine, storage or another service, at any address.
    case operatorConfigured
    /// A customer: a media URL or a webhook. Only addresses that the `AddressPolicy` permits, checked at each connection.
    case customerSupplied
}

extension EgressRequest {
    /// Throws `EgressError.badRequest` for values with which a request could be injected, or other mistakes of the caller.
    func validate() throws(EgressError) {
        guard Self.isToken(method) else { throw .badRequest("the method is not a token") }
        for header in headers {
            guard Self.isToken(header.name) else { throw .badRequest("a header's name is not a token") }
            guard Self.isOneLine(header.value) else { throw .badRequest("a header's value has control characters") }
            let framing = ["content-length", "transfer-encoding", "expect"]
            guard !framing.contains(header.name.lowercased()) else {
                throw .badRequest("a header sets the body's framing")
            }
        }
        switch body {
        case .none:
            break
        case .bytes, .file, .multipart:
            guard method != "GET", method != "HEAD" else { throw .badRequest("\(method) carries no body") }
        }
        if case .multipart(let parts) = body {
            let texts = parts.flatMap { [$0.name, $0.filename ?? "", $0.contentType ?? ""] }
            guard texts.allSatisfy(Self.isOneLine) else {
                throw .badRequest("a part's name, file name or type has control characters")
            }
        }
        if let path = unixSocketPath {
            guard trust == .operatorConfigured else { throw .refusedAddress("a Unix socket") }
            guard Self.isOneLine(path), (1..<108).contains(path.utf8.count) else {
                throw .badRequest("a Unix socket's path has 1 to 107 bytes")
            }
        }
    }

    private static func isToken(_ text: String) -> Bool {
        let punctuation = Array("!#$%&'*+-.^_`|~".utf8)
        return !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                default: punctuation.contains(byte)
                }
            }
    }

    private static func isOneLine(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 == 9 || ($0 >= 32 && $0 != 127) }
    }
}
