import Egress
import Pipeline
import Testing

/// What yt-dlp says, word for word, and what it comes to.
@Suite struct YtDlpErrorTests {
    private static func verdict(_ errors: String, _ proxy: FilteringProxy.Report = .init()) -> String {
        switch YtDlpError(errors).meaning(proxy) {
        case let failure as JobFailure:
            [failure.code.rawValue, failure.reason].compactMap { $0 }.joined(separator: "/")
        case let passing as SourceUnavailable: passing.failure.code.rawValue + ", passing"
        default: "unknown"
        }
    }

    /// What a site says goes in, 64 KiB in a line and more: looking through it must not cost its square.
    @Test func `an endless word is as soon read as many`() {
        let endless = String(repeating: "a", count: 500_000)
        #expect(Self.verdict("ERROR: [a] 1: \(endless): HTTP Error 404: \(endless)") == "source_not_found")
        #expect(Self.verdict("ERROR: [a] 1: see https://a.example/\(endless)/private-video now") == "unknown")
    }

    @Test(
        arguments: [
            ("ERROR: Unsupported URL: https://a.example/x", "source_unsupported/no_media"),
            ("ERROR: No suitable extractor found for URL https://a.example/login", "source_unsupported/no_media"),
            ("ERROR: [a] 1: Private video. Sign in if you’ve been granted access", "source_requires_login"),
            ("ERROR: [a] 1: Sign in to confirm you’re not a bot", "source_blocked"),
            ("ERROR: [a] 1: Video unavailable", "source_not_found"),
            (
                "ERROR: [a] 1: Unable to download webpage: HTTP Error 403: Forbidden (caused by <HTTPError 403: Forbidden>)",
                "source_requires_login"
            ),
            ("ERROR: [a] 1: HTTP Error 403: Forbidden. This is not available in your country", "source_blocked"),
            ("ERROR: unable to download video data: HTTP Error 404: Not Found", "source_not_found"),
            (
                "ERROR: \r[download] Got error: HTTP Error 500: Internal Server Error. Giving up after 2 retries",
                "transient_error, passing"
            ),
            (
                "ERROR: \r[download] Got error: HTTP Error 504: Gateway Timeout. Giving up after 2 retries",
                "source_timeout, passing"
            ),
            ("ERROR: [a] 1: <urlopen error Tunnel connection failed: 502 Bad Gateway>", "transient_error, passing"),
            (
                "ERROR: [a] 1: ('Connection aborted.', ConnectionResetError(104, 'Connection reset by peer'))",
                "transient_error, passing"
            ),
            ("ERROR: [a] 1: The read operation timed out", "source_timeout, passing"),
            (
                "ERROR: \r[download] Got error: Downloaded 1 bytes, expected 2 bytes. Giving up",
                "transient_error, passing"
            ),
            ("ERROR: Did not get any data blocks", "transient_error, passing"),
            ("ERROR: 1000 bytes read, 2000 more expected", "transient_error, passing"),
            ("ERROR: [a] 1: Something else", "unknown"), ("", "unknown"),
        ])
    func `its sentences are told apart`(errors: String, verdict: String) {
        #expect(Self.verdict(errors) == verdict)
    }

    private static let missing = "WARNING: [youtube] No supported JavaScript runtime could be found. Only deno is\n"
    private static let unsolved = "WARNING: [youtube] x: n challenge solving failed: Some formats may be missing.\n"

    @Test(arguments: [
        missing, unsolved, "WARNING: [youtube] x: Signature solving failed: Some formats may be missing\n",
    ])
    func `where JavaScript was wanted and not run, that is why, unless the site gave a reason of its own`(
        warning: String
    ) {
        func meaning(_ error: String) -> JobFailure? {
            YtDlpError(warning + "ERROR: [youtube] x: \(error)").meaning(.init()) as? JobFailure
        }
        for error in ["Requested format is not available", "Only images are available", "HTTP Error 403: Forbidden"] {
            #expect(meaning(error) == .sourceNeedsJavaScript, "\(error)")
        }
        #expect(JobFailure.sourceNeedsJavaScript.code == .sourceUnsupported)
        #expect(meaning("Private video. Sign in if you've been granted access") == .sourceRequiresLogin)
        #expect(meaning("Sign in to confirm you’re not a bot") == .sourceBlocked)
        #expect(meaning("HTTP Error 404: Not Found") == .sourceNotFound)
        // What a site calls a recording decides nothing.
        #expect(YtDlpError("ERROR: [a] 1: No supported JavaScript runtime").meaning(.init()) == nil)
    }

    @Test func `a site that serves browsers alone blocks us, and asks for no login`() {
        let wish =
            "WARNING: [a] 1: The extractor is attempting impersonation, but no impersonate target is available.\n"
        #expect(Self.verdict(wish + "ERROR: [a] 1: HTTP Error 403: Forbidden") == "source_blocked")
        #expect(
            Self.verdict("ERROR: [a] 1: Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again with")
                == "source_blocked")
        for error in [
            "This request has been blocked due to its TLS fingerprint. Install a required impersonation dependency",
            "Your IP address is blocked from accessing this post", "HTTP Error 403: Forbidden. Your IP may be blocked",
        ] {
            #expect(Self.verdict("ERROR: [a] 1: \(error)") == "source_blocked", "\(error)")
        }
        #expect(Self.verdict(wish + "ERROR: [a] 1: HTTP Error 404: Not Found") == "source_not_found")
    }

    @Test(
        arguments: [
            "ERROR: [Foo] password-reset-podcast: Unable to download webpage: HTTP Error 503: Service Unavailable",
            "ERROR: [Foo] private-video-404: HTTP Error 503: Service Unavailable",
            "ERROR: [foo:live] is-live-drm: Unable to open https://a.example/login/captcha: HTTP Error 503: Away",
            "ERROR: [Foo] https://a.example/sign in: HTTP Error 503: Service Unavailable",
            "WARNING: [Foo] Log in to see more\nERROR: [Foo] 1: HTTP Error 503: Service Unavailable",
        ])
    func `what the customer's recording is called is no answer`(errors: String) {
        #expect(Self.verdict(errors) == "transient_error, passing")
    }

    @Test(
        arguments: [
            "ERROR: unable to write data: [Errno 28] No space left on device",
            "ERROR: [Errno 28] No space left on device: '/scratch/fetch-1/login'",
            "ERROR: [Foo] 1: [Errno 24] Too many open files: '/x'", "ERROR: [Errno 12] Cannot allocate memory",
            "Traceback (most recent call last):\n  File \"child.py\", line 1, in <module>\nModuleNotFoundError: No module named 'yt_dlp'",
            "ERROR: [Foo] 1: Private video\nTraceback (most recent call last):\n  File \"x\", line 1\nMemoryError",
            "Traceback (most recent call last):\n  File \"x\", line 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"x\", line 1\nKeyError: 'login'",
        ])
    func `what is not the customer's is ours`(errors: String) {
        #expect(Self.verdict(errors) == "internal_error, passing")
    }

    @Test func `what Python says of its own folder at the start is no end`() {
        let start = """
            Error processing line 1 of /x/distutils-precedence.pth:

              Traceback (most recent call last):
                File "<frozen site>", line 192, in addpackage
              ModuleNotFoundError: No module named '_distutils_hack'

            Remainder of file ignored

            """
        #expect(Self.verdict(start + "ERROR: [a] 1: Private video") == "source_requires_login")
    }

    @Test func `a broken connection that yt-dlp did not expect is one`() {
        let traceback = "Traceback (most recent call last):\n  File \"x\", line 1\n"
        for (error, verdict) in [
            ("ConnectionResetError: [Errno 104] Connection reset by peer", "transient_error, passing"),
            ("yt_dlp.networking.exceptions.HTTPError: HTTP Error 404: Not Found", "source_not_found"),
            (
                "yt_dlp.networking.exceptions.RequestError: file:// URLs are disabled by default in yt-dlp for security reasons.",
                "source_unsupported/no_media"
            ),
            ("PermissionError: subprocess.Popen is not allowed here", "source_unsupported/no_media"),
        ] {
            #expect(Self.verdict(traceback + error) == verdict, "\(error)")
        }
    }

    @Test func `what the proxy met comes before what yt-dlp makes of it`() {
        var proxy = FilteringProxy.Report()
        proxy.isUnresolved = true
        #expect(
            Self.verdict("ERROR: [a] 1: HTTP Error 502: Bad Gateway", proxy) == "source_not_found, passing")
        proxy.hasRefused = true
        #expect(Self.verdict("ERROR: [a] 1: HTTP Error 403: Forbidden", proxy) == "source_url_refused")
        #expect(
            Self.verdict("ERROR: unable to write data: [Errno 28] No space left on device", proxy)
                == "internal_error, passing")
    }
}
