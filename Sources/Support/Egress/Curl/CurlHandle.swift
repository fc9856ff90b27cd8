import CCurl

// A libcurl easy handle with everything that must live as long as the handle.
//
// Owns and frees the handle, the header list, the multipart body and the URL. If an option cannot be set, that is an error, so
// that no request is sent without its protections. Used by one thread at a time.

final class CurlHandle {
    let raw: UnsafeMutableRawPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var addresses: UnsafeMutablePointer<curl_slist>?
    private var mime: OpaquePointer?
    private var url: CurlURL?

    init() throws(EgressError) {
        guard Self.isInitialized, let raw = curl_easy_init() else {
            throw .failed(code: Int(CURLE_FAILED_INIT.rawValue))
        }
        self.raw = raw
    }

    deinit {
        curl_easy_cleanup(raw)
        curl_mime_free(mime)
        curl_slist_free_all(headers)
        curl_slist_free_all(addresses)
    }

    /// libcurl's initialization for the whole process, done once.
    static let isInitialized = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    func set(_ option: CURLoption, _ value: String) throws(EgressError) {
        try Self.check(verbatim_curl_set_string(raw, option, value))
    }

    func set(_ option: CURLoption, _ value: Int) throws(EgressError) {
        try Self.check(verbatim_curl_set_long(raw, option, value))
    }

    func set(_ option: CURLoption, _ value: Bool) throws(EgressError) {
        try set(option, value ? 1 : 0)
    }

    func setLarge(_ option: CURLoption, _ value: Int64) throws(EgressError) {
        try Self.check(verbatim_curl_set_offset(raw, option, curl_off_t(value)))
    }

    func setURL(_ url: CurlURL) throws(EgressError) {
        self.url = url
        try Self.check(verbatim_curl_set_url(raw, url.handle))
    }

    /// - Parameter lines: In libcurl's form: `Name: value`, `Name;` for an empty value, `Name:` to omit a header.
    func setHeaders(_ lines: [String]) throws(EgressError) {
        for line in lines {
            guard let longer = curl_slist_append(headers, line) else {
                throw .failed(code: Int(CURLE_OUT_OF_MEMORY.rawValue))
            }
            headers = longer
        }
        try Self.check(verbatim_curl_set_list(raw, CURLOPT_HTTPHEADER, headers))
    }

    /// - Parameter entry: `host:port:address[,address]…`
    func setAddresses(_ entry: String) throws(EgressError) {
        guard addresses == nil, let list = curl_slist_append(nil, entry) else {
            throw .failed(code: Int(CURLE_OUT_OF_MEMORY.rawValue))
        }
        addresses = list
        try Self.check(verbatim_curl_set_list(raw, CURLOPT_RESOLVE, list))
    }

    /// - Parameter parts: Each part with the source of its bytes, which the caller must keep as long as this handle.
    func setMultipart(_ parts: [(part: EgressPart, source: BodySource)]) throws(EgressError) {
        guard let mime = curl_mime_init(raw) else { throw .failed(code: Int(CURLE_OUT_OF_MEMORY.rawValue)) }
        self.mime = mime
        for (part, source) in parts {
            guard let target = curl_mime_addpart(mime) else {
                throw .failed(code: Int(CURLE_OUT_OF_MEMORY.rawValue))
            }
            try Self.check(curl_mime_name(target, part.name))
            if let filename = part.filename { try Self.check(curl_mime_filename(target, filename)) }
            if let type = part.contentType { try Self.check(curl_mime_type(target, type)) }
            try Self.check(
                curl_mime_data_cb(
                    target, curl_off_t(source.length), BodySource.readCallback, BodySource.seekCallback, nil,
                    source.context))
        }
        try Self.check(verbatim_curl_set_mime(raw, mime))
    }

    func number(_ info: CURLINFO) -> Int {
        var value = 0
        return verbatim_curl_get_long(raw, info, &value) == CURLE_OK ? value : 0
    }

    /// - Parameter info: One with a 64-bit value (`CURLINFO_…_T`).
    func count(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        return verbatim_curl_get_offset(raw, info, &value) == CURLE_OK ? Int64(value) : 0
    }

    func text(_ info: CURLINFO) -> String? {
        var value: UnsafeMutablePointer<CChar>?
        return verbatim_curl_get_string(raw, info, &value) == CURLE_OK ? value.map { String(cString: $0) } : nil
    }

    /// - Parameter info: One in microseconds (`CURLINFO_…_TIME_T`).
    func time(_ info: CURLINFO) -> Duration {
        .microseconds(count(info))
    }

    static func check(_ code: CURLcode) throws(EgressError) {
        guard code == CURLE_OK else { throw .failed(code: Int(code.rawValue)) }
    }
}
