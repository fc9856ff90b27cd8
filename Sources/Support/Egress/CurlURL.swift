import CCurl

// A URL that libcurl's own parser has parsed, so that the checks see the same host as the connection.
//
// Owns the C handle. Accepts only http and https URLs with a host and without control characters.

final class CurlURL {
    let handle: OpaquePointer
    /// The host as written, without port and credentials, not converted to ASCII.
    let host: String
    /// Whether the URL contains a user name or a password.
    let hasCredentials: Bool

    init(_ text: String) throws(EgressError) {
        guard text.utf8.count <= 16_384, text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { throw .badURL }
        guard let handle = curl_url() else { throw .failed(code: Int(CURLE_OUT_OF_MEMORY.rawValue)) }
        do throws(EgressError) {
            // Unknown schemes are parsed, too, so that the error can say that the scheme is not supported.
            let flags = UInt32(CURLU_NON_SUPPORT_SCHEME)
            guard curl_url_set(handle, CURLUPART_URL, text, flags) == CURLUE_OK else { throw .badURL }
            let scheme = try Self.part(CURLUPART_SCHEME, of: handle)
            guard scheme == "http" || scheme == "https" else { throw .unsupportedScheme }
            host = try Self.part(CURLUPART_HOST, of: handle)
            guard !host.isEmpty else { throw .badURL }
            hasCredentials = Self.has(CURLUPART_USER, in: handle) || Self.has(CURLUPART_PASSWORD, in: handle)
            self.handle = handle
        } catch {
            curl_url_cleanup(handle)
            throw error
        }
    }

    deinit { curl_url_cleanup(handle) }

    private static func has(_ part: CURLUPart, in handle: OpaquePointer) -> Bool {
        var text: UnsafeMutablePointer<CChar>?
        defer { curl_free(text) }
        return curl_url_get(handle, part, &text, 0) == CURLUE_OK
    }

    /// The port to connect to: the scheme's default if the URL has none.
    var port: String? { try? Self.part(CURLUPART_PORT, of: handle, flags: UInt32(CURLU_DEFAULT_PORT)) }

    var lastPathComponent: String? {
        let path = try? Self.part(CURLUPART_PATH, of: handle, flags: UInt32(CURLU_URLDECODE))
        return path?.split(separator: "/").last.map(String.init)
    }

    /// Resolves `reference` against this URL (RFC 3986). Returns the whole URL, which replaces the URL of this object.
    func resolve(_ reference: String) throws(EgressError) -> String {
        let flags = UInt32(CURLU_NON_SUPPORT_SCHEME)
        guard curl_url_set(handle, CURLUPART_URL, reference, flags) == CURLUE_OK else { throw .badURL }
        return try Self.part(CURLUPART_URL, of: handle)
    }

    private static func part(
        _ part: CURLUPart, of handle: OpaquePointer, flags: UInt32 = 0
    ) throws(EgressError) -> String {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text else { throw .badURL }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
