import Addresses
import CCurl
import Glibc

// A running request: its handle, what it sends, what has come back, and why it must stop.
//
// It belongs to the client's thread. libcurl calls back only while that thread drives it. Its deinit frees everything that it
// opened; before that, it must be removed from its multi handle.

final class EgressTransfer {
    let submission: EgressSubmission
    let handle: CurlHandle
    /// When to check the rate next.
    private(set) var nextRateCheck: ContinuousClock.Instant?
    /// Set when the header of a response has come whose body nobody needs: until when the body may end.
    private(set) var bodyDeadline: ContinuousClock.Instant?
    /// Enough for a body of the usual length, so that its sender sees it received.
    private static let bodyGrace = Duration.seconds(1)
    private let policy: AddressPolicy?
    private var sources: [BodySource] = []
    private var collector: ResponseCollector
    /// What was found on the way to the current hop, since the last response began: an address that the policy refuses, and whether there is
    /// another one that it permits.
    private var refused: String?
    private var isReachable = false
    private var movedAtLastCheck = 0

    /// The encodings that libcurl can decode.
    private static let knownCodings: Set<String> = ["gzip", "x-gzip", "deflate", "br", "zstd"]

    /// libcurl reads the body of a redirect to its end, without showing it to us. Even large pages are smaller than this.
    private static let longestRedirect = 1 << 20

    init(
        _ submission: EgressSubmission, configuration: EgressConfiguration, now: ContinuousClock.Instant
    ) throws(EgressError) {
        let request = submission.request
        self.submission = submission
        policy = request.trust == .customerSupplied ? configuration.addressPolicy : nil
        collector = ResponseCollector(
            sink: submission.sink, judge: submission.judge, limit: request.limits.responseBytes,
            hasBody: request.method != "HEAD", keepsBody: request.needsBody)
        nextRateCheck = request.limits.minimumRate.map { now + $0.over }
        handle = try CurlHandle()
        let url = try CurlURL(request.url)
        try handle.setURL(url)
        try setProtections(configuration)
        try setLimits(request.limits, remaining: submission.deadline - now)
        try setCallbacks()
        if request.ownConnection {
            try handle.set(CURLOPT_FRESH_CONNECT, true)
            try handle.set(CURLOPT_FORBID_REUSE, true)
        }
        // Asks the server not to compress. If it compresses anyway, the body is decoded, within the limit on the decoded size.
        if request.needsBody, request.decodesBody { try handle.set(CURLOPT_ACCEPT_ENCODING, "identity") }
        if !request.believesLength { try handle.set(CURLOPT_IGNORE_CONTENT_LENGTH, true) }
        if policy != nil, let resolver = configuration.resolver { try setAddresses(of: url, resolver) }
        if let path = request.unixSocketPath { try handle.set(CURLOPT_UNIX_SOCKET_PATH, path) }
        if request.redirects > 0 {
            try handle.set(CURLOPT_FOLLOWLOCATION, true)
            try handle.set(CURLOPT_MAXREDIRS, request.redirects)
        }
        sources = try setBody(request)
        try setHeaders(request)
    }

    /// Returns whether fewer bytes moved since the last check than the minimum rate. Time for connecting does not count.
    func isTooSlow(at now: ContinuousClock.Instant) -> Bool {
        guard let due = nextRateCheck, now >= due, let rate = submission.request.limits.minimumRate else {
            return false
        }
        nextRateCheck = now + rate.over
        guard isConnected else { return false }
        let total = sources.reduce(collector.received) { $0 + $1.moved }
        let moved = total - movedAtLastCheck
        movedAtLastCheck = total
        return Double(moved) < Double(rate.bytesPerSecond) * (rate.over / .seconds(1))
    }

    func outcome(_ code: CURLcode, now: ContinuousClock.Instant) -> Result<EgressResponse, any Error> {
        let isAnswered =
            submission.request.needsBody
            ? isWhole(code) && collector.finish() || collector.hasEnough
            : collector.hasAnswer || collector.hasStatus && isMatterOfForm(code)
        guard isAnswered else { return .failure(error(code, now: now)) }
        return .success(
            EgressResponse(
                status: handle.number(CURLINFO_RESPONSE_CODE), headers: collector.headers, body: collector.body,
                redirectedTo: collector.redirectedTo))
    }

    /// Returns whether the body is complete. After the end of a compressed body, some servers send more. libcurl reports that as an error, but
    /// browsers ignore it.
    private func isWhole(_ code: CURLcode) -> Bool {
        let isRefusedRest = code == CURLE_WRITE_ERROR && collector.failure == nil && !collector.codings.isEmpty
        return code == CURLE_OK || isRefusedRest
    }

    /// Returns whether libcurl rejected a malformed header: a length that is not a number, a field without a colon, a field without end. A
    /// caller that only needs the status can ignore that.
    private func isMatterOfForm(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_OUT_OF_MEMORY: true
        case CURLE_WRITE_ERROR: collector.failure == .badResponse
        // 100 is CURLE_TOO_LARGE in later versions.
        default: code.rawValue == 100
        }
    }

    /// Whether the response is a redirect with a body longer than `longestRedirect`.
    var isEndlessRedirect: Bool {
        collector.isRedirect && submission.request.redirects > 0
            && handle.count(CURLINFO_SIZE_DOWNLOAD_T) > Self.longestRedirect
    }

    /// The error for an endless redirect.
    var redirectTooLarge: EgressError { .responseTooLarge(limit: Self.longestRedirect) }

    private var isConnected: Bool { handle.time(CURLINFO_PRETRANSFER_TIME_T) > .zero }

    private func error(_ code: CURLcode, now: ContinuousClock.Instant) -> EgressError {
        // If one of our callbacks found an error, that is the cause. libcurl's code then only says that a callback failed.
        if let failure = collector.failure ?? sources.lazy.compactMap(\.failure).first { return failure }
        switch code {
        case CURLE_OK:
            // The connection ended before the header did.
            return .connectionLost
        case CURLE_COULDNT_CONNECT:
            return refused.flatMap { isReachable ? nil : .refusedAddress($0) } ?? .couldNotConnect
        case CURLE_OPERATION_TIMEDOUT:
            // libcurl's timer counts in milliseconds and may fire a little early.
            let outOfTime = now + .milliseconds(10) >= submission.deadline
            return outOfTime || isConnected ? .timedOut : .couldNotConnect
        case CURLE_UNSUPPORTED_PROTOCOL:
            // The scheme of a redirect's target, because the first URL was checked. Without any response, the server did not speak HTTP.
            return handle.number(CURLINFO_RESPONSE_CODE) == 0 ? .badResponse : .unsupportedScheme
        default:
            return EgressError(code)
        }
    }

    // The functions that the callbacks call.

    func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        if ResponseCollector.isStatusLine(line) {
            // This hop was reached. The addresses on the way to it say nothing about the next one.
            (refused, isReachable) = (nil, false)
            let isRedirected = handle.number(CURLINFO_REDIRECT_COUNT) > 0
            collector.redirectedTo = isRedirected ? handle.text(CURLINFO_EFFECTIVE_URL) : nil
        }
        let goesOn = collector.takeHeader(line)
        let request = submission.request
        // If `Content-Encoding` names something else (`UTF-8`, `aws-chunked`), browsers take the body as it is. libcurl would fail.
        if collector.hasAnswer {
            try? handle.set(
                CURLOPT_HTTP_CONTENT_DECODING, collector.codings.allSatisfy(Self.knownCodings.contains))
        }
        if bodyDeadline == nil, !request.needsBody, request.redirects == 0, collector.hasAnswer {
            bodyDeadline = .now + Self.bodyGrace
        }
        return goesOn
    }

    func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool { collector.takeBody(bytes) }

    /// Checks the address and creates the socket for it. Every connection passes here, whatever name, redirect or DNS answer led to
    /// the address.
    func openSocket(to address: UnsafePointer<curl_sockaddr>) -> curl_socket_t {
        if let policy {
            let bytes = UnsafeRawBufferPointer(
                start: verbatim_curl_address_bytes(address), count: Int(address.pointee.addrlen))
            guard let target = IPAddress(socketAddress: bytes) else {
                refused = "of an unknown kind"
                return CURL_SOCKET_BAD
            }
            guard policy.permits(target) else {
                refused = target.description
                return CURL_SOCKET_BAD
            }
        }
        isReachable = true
        if submission.request.isProbe { return CURL_SOCKET_BAD }
        // Child processes of the worker must not inherit it.
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, type, address.pointee.protocol)
    }
}
