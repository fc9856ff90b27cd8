import HTTPTypes
import Hummingbird
import Tenancy

/// The cookie of a member's session. Scripts can't read it, and other sites can't send it.
struct SessionCookie: Sendable {
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

    /// Returns the token in a request's cookies; nil if there is none.
    static func token(of request: Request) -> String? {
        for field in request.headers[values: .cookie] {
            for pair in field.split(separator: ";") {
                let text = pair.drop { $0 == " " }
                if text.hasPrefix("\(name)=") { return String(text.dropFirst(name.count + 1)) }
            }
        }
        return nil
    }
}
