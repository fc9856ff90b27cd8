import Egress
import Glibc

/// Why an endpoint gave no credentials. The text contains neither what was sent nor what was received, except a status and a code.
struct CredentialFault: Error {
    let error: StorageError
    /// Whether the same request may succeed a little later.
    let isPassing: Bool

    /// Something in the settings, or in the role, is wrong.
    static func refused(_ words: String) -> CredentialFault {
        CredentialFault(
            error: StorageError(errno: EACCES, words: "no credentials for the store: \(words)"), isPassing: false)
    }

    static func passing(_ words: String) -> CredentialFault {
        CredentialFault(error: .away("no credentials for the store: \(words)"), isPassing: true)
    }

    /// The endpoint, named `name`, gave an answer that it should not give.
    static func unreadable(_ name: String) -> CredentialFault {
        // A container's endpoint or a proxy in between may recover, so tasks wait.
        .passing("the answer of \(name) cannot be read")
    }

    /// - Parameter name: the endpoint, for operators.
    init(_ error: EgressError, from name: String) {
        switch error {
        case .tls:
            self = .refused("the TLS certificate of \(name) is not trusted; see AWS_CA_BUNDLE")
        case .responseTooLarge, .badResponse, .badEncoding: self = .unreadable(name)
        case let error where error.isTransient: self = .passing("\(name) cannot be reached: \(error)")
        default: self = .refused("\(name) cannot be used: \(error)")
        }
    }

    init(error: StorageError, isPassing: Bool) {
        self.error = error
        self.isPassing = isPassing
    }

    /// The fault for an answer with an error status.
    init(status: Int, code: String? = nil, from name: String, hint: String = "") {
        let words = "\(name) answers \(status)" + (code.map { " \($0)" } ?? "")
        if [408, 429, 500, 502, 503, 504].contains(status) || code.map(Self.passingCodes.contains) == true {
            self = .passing(words)
        } else {
            self = .refused(words + hint)
        }
    }

    /// Codes of STS with the status 400 after which AWS's own clients try again: it could not ask the identity provider, or does not know the
    /// token yet.
    private static let passingCodes: Set<String> = [
        "IDPCommunicationError", "InvalidIdentityToken", "Throttling", "ThrottlingException", "RequestLimitExceeded",
    ]
}
