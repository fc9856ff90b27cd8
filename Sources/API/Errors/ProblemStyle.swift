import FoundationEssentials
import HTTPTypes
import Hummingbird

/// Turns an `APIError` into the answer that the contract describes: `application/problem+json` (RFC 9457).
package struct ProblemStyle: Sendable {
    /// What goes before `/errors/<code>` in `type`: the service's public URL without a slash at its end, or nothing.
    private let base: String

    /// - Parameter publicURL: where customers reach the service; without one, `type` is a relative reference.
    package init(publicURL: String? = nil) {
        var base = publicURL ?? ""
        while base.hasSuffix("/") { base.removeLast() }
        self.base = base
    }

    /// The answer's head and body. Every 401 says how to authenticate, as RFC 9110 demands.
    package func render(_ error: APIError, requestID: RequestIdentifier) -> (head: HTTPResponse, body: ByteBuffer) {
        var head = HTTPResponse(status: .init(code: error.code.status), headerFields: error.headers)
        if error.code.status == 401 {
            head.headerFields[.wwwAuthenticate] = "Bearer error=\"invalid_token\""
        }
        let body = encode(error, requestID: requestID)
        head.headerFields[.contentType] = "application/problem+json"
        head.headerFields[.contentLength] = String(body.readableBytes)
        head.headerFields[.cacheControl] = "no-store"
        head.headerFields[.xRequestID] = requestID.description
        return (head, body)
    }

    /// The same as a Hummingbird response.
    package func response(_ error: APIError, requestID: RequestIdentifier) -> Response {
        let (head, body) = render(error, requestID: requestID)
        return Response(status: head.status, headers: head.headerFields, body: .init(byteBuffer: body))
    }

    private func encode(_ error: APIError, requestID: RequestIdentifier) -> ByteBuffer {
        let document = ProblemDocument(
            type: "\(base)/errors/\(error.code.rawValue)", error: error, requestID: requestID)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings, integers and flags can always be encoded. Even so, an answer without a body would be better than none.
        guard let data = try? encoder.encode(document) else { return ByteBuffer() }
        return ByteBuffer(bytes: data)
    }
}
