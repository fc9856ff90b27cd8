import Egress

/// Why yt-dlp found or fetched nothing, as far as its messages say.
///
/// The messages contain the URL and the site's response, so they are neither logged nor shown. Before they are searched for known phrases, URLs and
/// the id before the message are removed, because customers choose these, and a recording may have any name.
package struct YtDlpError: Sendable {
    /// The messages in lower case.
    private let text: String
    /// Whether yt-dlp ended with a Python exception instead of a message: a bug of an extractor, or of the installation.
    package let isCrash: Bool
    /// Why the site's JavaScript could not be run; nil if there was no such problem.
    let javaScript: JavaScript?
    /// Whether the site wanted the TLS handshake of a browser, which it did not get.
    private let wantsBrowser: Bool

    enum JavaScript {
        /// There is nothing that could run it.
        case missing
        /// It was run without a result, or did not finish.
        case unsolved
    }

    /// - Parameter errors: everything that yt-dlp wrote to standard error.
    package init(_ errors: String) {
        // Does not split at carriage returns, because some messages begin with one.
        let lines = errors.split { $0 == "\n" || $0 == "\r\n" }
        let warnings = lines.filter { $0.hasPrefix("WARNING:") }.map { $0.lowercased() }
        func warns(_ phrases: String...) -> Bool {
            warnings.contains { line in phrases.contains { line.contains($0) } }
        }
        javaScript =
            warns("no supported javascript runtime")
            ? .missing : warns("challenge solving failed", "signature solving failed") ? .unsolved : nil
        wantsBrowser = warns("no impersonate target is available", "none of these impersonate targets")
        let messages = lines.filter { $0.hasPrefix("ERROR:") }.map(Self.message)
        let traceback = lines.lastIndex { $0.hasPrefix("Traceback (most recent call last)") } ?? lines.endIndex
        let exception = lines[traceback...].last { $0.first?.isLetter == true } ?? ""
        // An exception of the network, where yt-dlp does not expect it, is not a crash.
        let isWeather = ["yt_dlp.networking.", "http.client.", "ssl.", "Connection", "TimeoutError"]
            .contains { exception.hasPrefix($0) }
        isCrash = traceback < lines.endIndex && !isWeather
        let words = messages + (traceback < lines.endIndex ? [exception] : [])
        // Some messages contain typographic apostrophes. The scheme's length is limited, because otherwise the search in a very long word of a
        // site would take minutes.
        text = words.joined(separator: "\n").lowercased().replacing("’", with: "'").replacing(
            /[a-z]{1,16}:\/\/[^\s]+/, with: "")
    }

    /// Returns the message of a line `ERROR: [site] id: message`.
    private static func message(_ line: Substring) -> Substring {
        var rest = line.dropFirst("ERROR:".count).drop(while: \.isWhitespace)
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]"), !rest.hasPrefix("[Errno") {
            rest = rest[end...].dropFirst().drop { $0 == " " }
            if let colon = rest.firstRange(of: ": "), !rest[..<colon.lowerBound].contains(where: \.isWhitespace) {
                rest = rest[colon.upperBound...]
            }
        }
        return rest
    }

    /// Returns the error that the messages mean; nil if they are unknown.
    package func meaning(_ proxy: FilteringProxy.Report) -> (any Error)? {
        if says("[errno 28]", "[errno 122]") { return SourceUnavailable(.internal, "no room on the disk for yt-dlp") }
        if says("[errno 5]", "[errno 12]", "[errno 23]", "[errno 24]", "[errno 30]", "memoryerror") {
            return SourceUnavailable(.internal, "yt-dlp lacks a resource of this machine")
        }
        if proxy.hasRefused { return JobFailure.sourceURLRefused }
        if says("unsupported url", "no suitable extractor") { return JobFailure.sourceUnsupported(.noMedia) }
        // Our sandbox refused a program, a file or native code that an extractor wanted.
        if says(
            "is not allowed here", "file:// urls are disabled", "ffmpeg could not be found", "ffmpeg is not installed")
        {
            return JobFailure.sourceUnsupported(.noMedia)
        }
        if says("comes in several parts") { return JobFailure.sourceInParts }
        if says("file too large", "[errno 27]") { return JobFailure.sourceTooLarge }
        if isCrash { return SourceUnavailable(.internal, "yt-dlp crashed") }
        return byStatus(proxy) ?? byPhrase(proxy) ?? (javaScript == nil ? nil : JobFailure.sourceNeedsJavaScript)
    }

    /// Returns the error for an HTTP status in the messages. The status is more reliable than the words around it.
    private func byStatus(_ proxy: FilteringProxy.Report) -> (any Error)? {
        guard let match = text.firstMatch(of: /(?:http error|tunnel connection failed:) (\d{3})/) else { return nil }
        switch Int(match.output.1) ?? 0 {
        case 404, 410: return JobFailure.sourceNotFound
        case 429, 451: return JobFailure.sourceBlocked
        case 401, 403:
            return isBlocked || wantsBrowser
                ? JobFailure.sourceBlocked : javaScript == nil ? .sourceRequiresLogin : .sourceNeedsJavaScript
        case 502 where proxy.isUnresolved: return SourceUnavailable(.sourceNotFound, "a name did not resolve")
        case 408, 504: return SourceUnavailable(.sourceTimeout, "a time-out")
        case 500...: return SourceUnavailable(.sourceUnreachable, "a server error")
        default: return nil
        }
    }

    /// Whether the messages say that the site blocks us.
    private var isBlocked: Bool {
        says(
            "not a bot", "captcha", "in your country", "geo restrict", "geo-restrict", "anti-bot challenge",
            "tls fingerprint", "requires browser impersonation", "ip may be blocked", "ip address is blocked",
            "ip address is unable")
    }

    private func byPhrase(_ proxy: FilteringProxy.Report) -> (any Error)? {
        if isBlocked { return JobFailure.sourceBlocked }
        if says(
            "private video", "sign in", "log in", "login", "members-only", "registered users", "password",
            "this video is private")
        {
            return JobFailure.sourceRequiresLogin
        }
        if says("video unavailable", "has been removed", "does not exist", "no longer available") {
            return JobFailure.sourceNotFound
        }
        if says("drm") { return JobFailure.sourceUnsupported(.protectedMedia) }
        if says("live event", "premieres in", "is live", "livestream", "is not currently live") {
            return JobFailure.sourceUnsupported(.liveStream)
        }
        if proxy.isUnresolved { return SourceUnavailable(.sourceNotFound, "a name did not resolve") }
        if says("timed out", "timeout") { return SourceUnavailable(.sourceTimeout, "a time-out") }
        if says(
            "connection", "transporterror", "incompleteread", "remote end", "bytes read", "bytes, expected",
            "did not get any data", "ssl")
        {
            return SourceUnavailable(.sourceUnreachable, "a broken connection")
        }
        return nil
    }

    private func says(_ phrases: String...) -> Bool { phrases.contains { text.contains($0) } }
}
