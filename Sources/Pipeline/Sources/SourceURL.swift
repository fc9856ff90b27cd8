import Egress

/// The address of a recording, as a customer wrote it and as far as it can be judged without looking for it.
///
/// What a name leads to is judged at each connection, by its address. A literal address that may not be connected to is refused here.
package struct SourceURL: Sendable, Equatable {
    package static let longest = 2048

    package let text: String
    /// For logs: nothing else of a source's URL may be in one.
    package let host: String
    /// What to call the recording, should nothing better come up.
    let lastPathComponent: String?

    /// - Throws: ``SourceURLError``.
    package init(_ text: String, policy: AddressPolicy) throws(SourceURLError) {
        try self.init(text, judgedBy: policy)
    }

    /// One that was judged when its job was submitted. Whoever fetches it judges it anew.
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
        // libcurl would complete `example.org/a.mp3`; what a customer wrote is to be said in full.
        guard lowered.hasPrefix("http://") || lowered.hasPrefix("https://") else { throw .unsupportedScheme }
        guard !url.hasCredentials else { throw .credentials }
        if let policy, url.isRefused(by: policy) { throw .privateAddress }
        self.text = text
        host = url.host
        lastPathComponent = url.lastPathComponent
    }
}

/// Why a URL is refused at once.
package enum SourceURLError: Error, Equatable {
    case malformed, tooLong, unsupportedScheme, credentials, privateAddress

    /// A sentence for the customer.
    package var message: String {
        switch self {
        case .malformed: "'source_url' is not a URL. Write it in full, such as https://example.org/call.mp3."
        case .tooLong: "'source_url' is longer than \(SourceURL.longest) bytes."
        case .unsupportedScheme: "'source_url' must begin with http:// or https://."
        case .credentials:
            "'source_url' must not hold a user name or password. Use a link that needs none, such as a presigned one."
        case .privateAddress: "'source_url' leads to an address that is not public. Upload the file instead."
        }
    }
}
