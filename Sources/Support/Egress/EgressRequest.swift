// One outgoing request, as its caller states it.

package struct EgressRequest: Sendable {
    package var method: String
    /// With its scheme, `http` or `https`.
    package var url: String
    /// Connect to this Unix socket instead of the URL's host. For the operator's own services only.
    package var unixSocketPath: String?
    /// Sent as given, also to where a redirect leads, but for `Authorization` and `Cookie`, which stay with the first
    /// host. The body's length and framing are not the caller's to set.
    package var headers: [(name: String, value: String)]
    package var body: EgressBody
    package var limits: EgressLimits
    /// How many redirects are followed; with 0 a redirect is an answer like any other.
    package var redirects: Int
    package var trust: EgressTrust
    /// A connection of its own, closed afterward: then the request goes out once at most.
    package var ownConnection: Bool
    /// False: an answer whose header has come is one, however its body goes on. No more of that than the limit is read, and
    /// nothing is kept.
    package var needsBody: Bool
    /// False: it begins at once, however many are under way or wait, and counts as none of them. For looks at whether a service is well, of
    /// which one is made at a time: what they ask about would else decide when they are asked.
    package var waitsInLine: Bool
    /// A body that comes compressed is undone; the limit holds for what it comes to. False: it is taken as it comes.
    package var decodesBody = true
    /// False: the body ends with its connection, whatever its length is said to be. For servers whose word is no number.
    package var believesLength = true
    /// Nothing is connected to: the addresses alone are judged.
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

/// Whose word the URL is.
package enum EgressTrust: Sendable, Hashable, CaseIterable {
    /// An engine, a storage or another service that the operator named: any address.
    case operatorConfigured
    /// A media URL or a webhook: only addresses that the `AddressPolicy` permits, judged at each connection.
    case customerSupplied
}

extension EgressRequest {
    /// Refuses what would let a value break out of its place in the request.
    func validate() throws(EgressError) {
        guard Self.isToken(method) else { throw .badRequest("the method is not a token") }
        for header in headers {
            guard Self.isToken(header.name) else { throw .badRequest("a header's name is not a token") }
            guard Self.isOneLine(header.value) else { throw .badRequest("a header's value has control characters") }
            let framing = ["content-length", "transfer-encoding", "expect"]
            guard !framing.contains(header.name.lowercased()) else {
                throw .badRequest("the body's framing is not the caller's to set")
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
