import Egress

/// The URL of a recording, as a customer wrote it, with all checks that need no connection.
///
/// If the host is a literal address, it is checked here against the policy. The addresses of a name are checked at each connection.
package struct SourceURL: Sendable, Equatable {
    package static let longest = 2048

    package let text: String
    /// The host, for logs. Nothing else of the URL may be logged.
    package let host: String
    /// The default name of the recording.
    let lastPathComponent: String?

    /// - Throws: ``SourceURLError``.
    package init(_ text: String, policy: AddressPolicy) throws(SourceURLError) {
        try self.init(text, judgedBy: policy)
    }

    /// A URL that was checked when its job was submitted. It is checked again when it is fetched.
    init(stored text: String) throws(SourceURLError) { try self.init(text, judgedBy: nil) }

    private init(_ text: String, judgedBy policy: AddressPolicy?) throws(SourceURLError) {
        guard text.utf8.count <= Self.longest else { throw .tooLong }
        let url: EgressURL
        do {
            url = try EgressURL(text)
        } catch .unsupportedScheme {
            throw .unsupportedScheme
        } catch {
            throw .malformed
        }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else { throw .malformed }
        let lowered = text.lowercased()
        // libcurl would accept `example.org/a.mp3`, but customers must write the whole URL.
        guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://") else { throw .unsupportedScheme }
        guard !url.hasCredentials else { throw .credentials }
        if let policy, url.isRefused(by: policy) { throw .privateAddress }
        self.text = text
        host = url.host
        lastPathComponent = url.lastPathComponent
    }
}

/// Why a URL is rejected at once.
package enum SourceURLError: Error, Equatable {
    case malformed, tooLong, unsupportedScheme, credentials, privateAddress

    /// The message for the customer.
    package var message: String {
        switch self {
        case .malformed: "'source_url' is not a URL. Write it in full, such as https://example.org/call.mp3."
        case .tooLong: "'source_url' is longer than \(SourceURL.longest) bytes."
        case .unsupportedScheme: "'source_url' must begin with http:// or https://."
        case .credentials:
            "'source_url' must not contain a user name or password. Use a link that needs none, such as a presigned one."
        case .privateAddress: "'source_url' leads to an address that is not public. Upload the file instead."
        }
    }
}
