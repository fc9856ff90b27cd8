import HTTPTypes

/// `Content-Encoding` of request bodies: none is supported.
enum ContentCoding {
    /// Call this before the body is read. Throws `APIError` 415 if the body is encoded, with the header field that says what is accepted
    /// instead (RFC 9110, 15.5.16).
    static func requireNone(_ headers: HTTPFields) throws {
        let codings = (headers[.contentEncoding] ?? "").split(separator: ",").map {
            $0.lowercased().filter { !$0.isWhitespace }
        }
        guard codings.allSatisfy({ $0.isEmpty || $0 == "identity" }) else {
            throw APIError(
                .unsupportedMediaType,
                "The request's body has a Content-Encoding, and none is supported. Send the body uncompressed, without that header.",
                headers: [.acceptEncoding: "identity"])
        }
    }
}
