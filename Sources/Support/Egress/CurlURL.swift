import CCurl

// A URL parsed by libcurl's own parser, so that what was checked is what is connected to.
//
// Owns the C handle. Only http and https with a host, and no control characters, get through.

final class CurlURL {
    let handle: OpaquePointer
    /// As written: without port and credentials, not yet in its ASCII form.
    let host: String
    /// Whether a user name or a password stands in it.
    let hasCredentials: Bool

    init(_ text: String) throws(EgressError) {
        guard text.utf8.count <= 16_384, text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { throw .badURL }
        guard let handle = curl_url() else { throw .failed(code: Int(CURLE_OUT_OF_MEMORY.rawValue)) }
        do throws(EgressError) {
            // Unknown schemes are parsed too, to be refused by their name rather than as malformed.
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

    /// The one that is connected to: the scheme's own where none is written.
    var port: String? { try? Self.part(CURLUPART_PORT, of: handle, flags: UInt32(CURLU_DEFAULT_PORT)) }

    var lastPathComponent: String? {
        let path = try? Self.part(CURLUPART_PATH, of: handle, flags: UInt32(CURLU_URLDECODE))
        return path?.split(separator: "/").last.map(String.init)
    }

    /// What `reference` means where this URL is the base, in full (RFC 3986). This object then stands for that.
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
