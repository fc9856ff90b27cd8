import CCurl

// The C functions that libcurl calls. Their context is the transfer's address.

extension EgressTransfer {
    func setCallbacks() throws(EgressError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try CurlHandle.check(verbatim_curl_set_header(handle.raw, Self.headerCallback, context))
        try CurlHandle.check(verbatim_curl_set_write(handle.raw, Self.bodyCallback, context))
        try CurlHandle.check(verbatim_curl_set_open_socket(handle.raw, Self.openSocketCallback, context))
    }

    private static func from(_ context: UnsafeMutableRawPointer) -> EgressTransfer {
        Unmanaged<EgressTransfer>.fromOpaque(context).takeUnretainedValue()
    }

    // A callback that returns another number than the bytes it got ends the transfer. libcurl never calls these with zero bytes.

    private static let headerCallback: curl_write_callback = { buffer, size, count, context in
        guard let context else { return 0 }
        let line = UnsafeRawBufferPointer(start: buffer, count: size * count)
        return from(context).takeHeader(line) ? line.count : 0
    }

    private static let bodyCallback: curl_write_callback = { buffer, size, count, context in
        guard let context else { return 0 }
        let bytes = UnsafeRawBufferPointer(start: buffer, count: size * count)
        return from(context).takeBody(bytes) ? bytes.count : 0
    }

    private static let openSocketCallback: curl_opensocket_callback = { context, _, address in
        guard let context, let address else { return CURL_SOCKET_BAD }
        return from(context).openSocket(to: address)
    }
}
