import CCurl
import Glibc

// One request under way: its handle, what it sends, what has come back, and why it must stop.
//
// Belongs to the client's thread; libcurl calls back into it only while that thread drives it. Dropping it frees
// everything it opened. It must have left its multi handle by then.

final class EgressTransfer {
    let submission: EgressSubmission
    let handle: CurlHandle
    /// When the rate is to be looked at next.
    private(set) var nextRateCheck: ContinuousClock.Instant?
    /// Once the answer is there whose body nobody needs: how long that may take to end.
    private(set) var bodyDeadline: ContinuousClock.Instant?
    /// Enough for an answer of a usual length, so that its sender sees it taken.
    private static let bodyGrace = Duration.seconds(1)
    private let policy: AddressPolicy?
    private var sources: [BodySource] = []
    private var collector: ResponseCollector
    /// What was found since the last answer began, on the way to the next hop: an address that the policy refuses, and whether there
    /// is another that it permits.
    private var refused: String?
    private var isReachable = false
    private var movedAtLastCheck = 0

    /// What libcurl undoes.
    private static let knownCodings: Set<String> = ["gzip", "x-gzip", "deflate", "br", "zstd"]

    /// libcurl reads the body of an answer that it is redirected by to its end, and shows it to nobody. Pages of a whole site have
    /// less.
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
        // Nobody is asked to compress. Who does so all the same is read, within the limit on what comes of it.
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

    /// Whether less moved since the last look than the rate asks for. The time of connecting does not count.
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
                redirectedTo: collector.redirectedTo,
                timings: EgressTimings(
                    firstByte: handle.time(CURLINFO_STARTTRANSFER_TIME_T),
                    total: handle.time(CURLINFO_TOTAL_TIME_T))))
    }

    /// Whether the body has come to its end. Behind the end of what is compressed some servers send more, which libcurl refuses and
    /// browsers do not see.
    private func isWhole(_ code: CURLcode) -> Bool {
        let isRefusedRest = code == CURLE_WRITE_ERROR && collector.failure == nil && !collector.codings.isEmpty
        return code == CURLE_OK || isRefusedRest
    }

    /// Whether libcurl ended the answer for how its header is written: a length that is no number, a field without a colon, one without
    /// end. Whoever needs no more than the status has that.
    private func isMatterOfForm(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_OUT_OF_MEMORY: true
        case CURLE_WRITE_ERROR: collector.failure == .badResponse
        // CURLE_TOO_LARGE of later versions.
        default: code.rawValue == 100
        }
    }

    /// Of a redirect: whether its own body goes on and on.
    var isEndlessRedirect: Bool {
        collector.isRedirect && submission.request.redirects > 0
            && handle.count(CURLINFO_SIZE_DOWNLOAD_T) > Self.longestRedirect
    }

    /// What an endless redirect is.
    var redirectTooLarge: EgressError { .responseTooLarge(limit: Self.longestRedirect) }

    private var isConnected: Bool { handle.time(CURLINFO_PRETRANSFER_TIME_T) > .zero }

    private func error(_ code: CURLcode, now: ContinuousClock.Instant) -> EgressError {
        // What our own callbacks found is the cause; libcurl's code then only says that a callback ended it.
        if let failure = collector.failure ?? sources.lazy.compactMap(\.failure).first { return failure }
        switch code {
        case CURLE_OK:
            // The end came before the header's.
            return .connectionLost
        case CURLE_COULDNT_CONNECT:
            return refused.flatMap { isReachable ? nil : .refusedAddress($0) } ?? .couldNotConnect
        case CURLE_OPERATION_TIMEDOUT:
            // libcurl counts in milliseconds and may be a little early.
            let outOfTime = now + .milliseconds(10) >= submission.deadline
            return outOfTime || isConnected ? .timedOut : .couldNotConnect
        case CURLE_UNSUPPORTED_PROTOCOL:
            // Of a redirect's target; the first URL was checked. Without an answer so far it was not HTTP.
            return handle.number(CURLINFO_RESPONSE_CODE) == 0 ? .badResponse : .unsupportedScheme
        default:
            return EgressError(code)
        }
    }

    // What the callbacks do.

    func takeHeader(_ line: UnsafeRawBufferPointer) -> Bool {
        if ResponseCollector.isStatusLine(line) {
            // This hop was reached: what stood in its way says nothing of the next one.
            (refused, isReachable) = (nil, false)
            let isRedirected = handle.number(CURLINFO_REDIRECT_COUNT) > 0
            collector.redirectedTo = isRedirected ? handle.text(CURLINFO_EFFECTIVE_URL) : nil
        }
        let goesOn = collector.takeHeader(line)
        let request = submission.request
        // A name that is no coding (`UTF-8`, `aws-chunked`) says nothing of the body: browsers take that as it is, libcurl ends it.
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

    /// The judgment at connect time: whatever name, redirect or DNS answer led here, the address is decided upon, and
    /// the socket for it is made, in this one place.
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
        // Not inherited by the child processes that the worker starts.
        let type = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, type, address.pointee.protocol)
    }
}
