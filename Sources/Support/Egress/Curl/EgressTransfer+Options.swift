import Addresses
import CCurl

// Sets libcurl's options for a request.

extension EgressTransfer {
    func setProtections(_ configuration: EgressConfiguration) throws(EgressError) {
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        // Otherwise the environment could name a proxy, whose connections our policy does not check.
        try handle.set(CURLOPT_PROXY, "")
        try handle.set(CURLOPT_NOPROXY, "*")
        try handle.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try handle.set(CURLOPT_SSL_VERIFYPEER, true)
        try handle.set(CURLOPT_SSL_VERIFYHOST, 2)
        try handle.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if let path = configuration.certificateAuthorities { try handle.set(CURLOPT_CAINFO, path) }
        // HTTP/1.1 has one transfer per connection, so that ending a transfer ends its connection.
        try handle.set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
        try handle.set(CURLOPT_NOSIGNAL, true)
        // A cancelled transfer must not make the whole thread wait until its name is resolved.
        try handle.set(CURLOPT_QUICK_EXIT, true)
        try handle.set(CURLOPT_USERAGENT, configuration.userAgent)
    }

    /// Makes libcurl use the addresses of `resolver` instead of the system's.
    func setAddresses(of url: CurlURL, _ resolver: NameResolver) throws(EgressError) {
        guard !url.host.hasPrefix("["), IPAddress(url.host) == nil, let port = url.port else { return }
        let addresses = resolver.addresses(url.host)
        guard !addresses.isEmpty else { throw .couldNotResolve }
        let list = addresses.map { address in
            switch address {
            case .v4: address.description
            case .v6: "[\(address)]"
            }
        }
        try handle.setAddresses("\(url.host):\(port):\(list.joined(separator: ","))")
    }

    func setLimits(_ limits: EgressLimits, remaining: Duration) throws(EgressError) {
        try handle.set(CURLOPT_TIMEOUT_MS, remaining.wholeMilliseconds)
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, min(limits.connect, remaining).wholeMilliseconds)
        try handle.set(CURLOPT_BUFFERSIZE, 128 << 10)
        try handle.set(CURLOPT_UPLOAD_BUFFERSIZE, 128 << 10)
    }

    /// - Returns: The sources from which libcurl reads. The caller must keep them as long as the handle.
    func setBody(_ request: EgressRequest) throws(EgressError) -> [BodySource] {
        let source: BodySource
        switch request.body {
        case .multipart(let parts):
            var pairs: [(part: EgressPart, source: BodySource)] = []
            for part in parts { pairs.append((part, try Self.source(part.content))) }
            try handle.setMultipart(pairs)
            if request.method != "POST" { try handle.set(CURLOPT_CUSTOMREQUEST, request.method) }
            return pairs.map(\.source)
        case .none:
            // A POST or PUT has a `Content-Length` even without a body.
            guard request.method == "POST" || request.method == "PUT" else {
                try setMethodWithoutBody(request.method)
                return []
            }
            source = BodySource([])
        case .bytes(let bytes):
            source = BodySource(bytes)
        case .file(let path, let offset, let length):
            source = try BodySource(path: path, offset: offset, length: length)
        }
        if request.method == "POST" {
            try handle.set(CURLOPT_POST, true)
            try handle.setLarge(CURLOPT_POSTFIELDSIZE_LARGE, source.length)
        } else {
            try handle.set(CURLOPT_UPLOAD, true)
            try handle.setLarge(CURLOPT_INFILESIZE_LARGE, source.length)
            if request.method != "PUT" { try handle.set(CURLOPT_CUSTOMREQUEST, request.method) }
        }
        try CurlHandle.check(verbatim_curl_set_read(handle.raw, BodySource.readCallback, source.context))
        try CurlHandle.check(verbatim_curl_set_seek(handle.raw, BodySource.seekCallback, source.context))
        return [source]
    }

    func setHeaders(_ request: EgressRequest) throws(EgressError) {
        // No `Expect`: waiting for “100 Continue” costs a second if the server does not support it.
        var lines = ["Expect:"]
        let isTyped = request.headers.contains { $0.name.lowercased() == "content-type" }
        switch request.body {
        case .none, .bytes, .file:
            // Otherwise libcurl would send the type of a web form with every POST.
            if !isTyped { lines.append("Content-Type:") }
        case .multipart:
            break
        }
        for (name, value) in request.headers {
            lines.append(value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        try handle.setHeaders(lines)
    }

    private func setMethodWithoutBody(_ method: String) throws(EgressError) {
        switch method {
        case "GET": try handle.set(CURLOPT_HTTPGET, true)
        case "HEAD": try handle.set(CURLOPT_NOBODY, true)
        default: try handle.set(CURLOPT_CUSTOMREQUEST, method)
        }
    }

    private static func source(_ content: EgressPart.Content) throws(EgressError) -> BodySource {
        switch content {
        case .bytes(let bytes): BodySource(bytes)
        case .file(let path, let offset, let length): try BodySource(path: path, offset: offset, length: length)
        }
    }
}

extension Duration {
    /// Milliseconds, rounded up: at least 1, because 0 means no limit to libcurl; at most about 23 days, which fit its counter.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < 2_000_000 else { return 2_000_000_000 }
        return max(1, Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000))
    }
}
