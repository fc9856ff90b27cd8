import HTTPTypes
import Hummingbird
import Tenancy

/// The cookie of a member's session. Scripts can't read it, and other sites can't send it.
package struct SessionCookie: Sendable {
    private static let name = "verbatim_session"
    /// The field with which a page shows that a change is its own.
    static let csrfHeader = HTTPField.Name.xCSRFToken

    /// Whether browsers may send it over TLS alone.
    let isSecure: Bool

    /// The value of `Set-Cookie` that begins a session. The browser keeps it until it is closed; how long it is valid, the service decides.
    func set(_ token: String) -> String { attributes(token) }

    /// The value of `Set-Cookie` that ends it.
    var clear: String { attributes("", "; Max-Age=0") }

    private func attributes(_ value: String, _ more: String = "") -> String {
        "\(Self.name)=\(value); Path=/; HttpOnly; SameSite=Strict" + (isSecure ? "; Secure" : "") + more
    }

    /// Returns the token in a request's cookies; nil if there is none. Also nil if there are several: then another site of the same domain has
    /// set one, so that the member would work in somebody else's account.
    package static func token(of request: Request) -> String? {
        let tokens = request.headers[values: .cookie].flatMap { $0.split(separator: ";") }
            .map { $0.drop { $0 == " " } }.filter { $0.hasPrefix("\(name)=") }
        return tokens.count == 1 ? String(tokens[0].dropFirst(name.count + 1)) : nil
    }
}
