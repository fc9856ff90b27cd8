import Cryptography
import HTTPTypes
import Hummingbird

/// An answer that stays the same as long as the process runs. A client that has it already gets 304.
struct StaticResponse: Sendable {
    private let bytes: ByteBuffer
    private let headers: HTTPFields
    private let tag: String
    private let contentType: String

    /// - Parameters:
    ///   - cacheControl: short by default, as a new version of the service has new documents.
    ///   - headers: header fields besides `ETag`, `Cache-Control` and `Content-Type`.
    init(
        _ bytes: [UInt8], contentType: String, cacheControl: String = "public, max-age=300", headers: HTTPFields = [:]
    ) {
        self.bytes = ByteBuffer(bytes: bytes)
        self.contentType = contentType
        tag = "\"\(SHA256.hash(bytes).prefix(16).hexadecimal)\""
        var headers = headers
        headers[.eTag] = tag
        headers[.cacheControl] = cacheControl
        self.headers = headers
    }

    @Sendable
    func handle(_ request: Request, context: PublicContext) -> Response {
        if let known = request.headers[.ifNoneMatch], matches(known) {
            return Response(status: .notModified, headers: headers)
        }
        var headers = headers
        headers[.contentType] = contentType
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: bytes))
    }

    private func matches(_ known: String) -> Bool {
        known.split(separator: ",").contains { candidate in
            let candidate = candidate.filter { $0 != " " }
            return candidate == "*" || candidate == tag || candidate == "W/" + tag
        }
    }
}
