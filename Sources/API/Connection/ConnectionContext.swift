import Hummingbird
import NIOCore

/// What our middleware needs of a request's context besides Hummingbird's own members: the connection, to tell the connection guard that
/// the body is wanted, the request's id and the caller.
package protocol ConnectionContext: RequestContext where Source == ApplicationRequestContextSource {
    /// The connection that the request came in on.
    var channel: any Channel { get }
    /// Set by `RequestIDMiddleware` before anything else runs.
    var requestID: RequestIdentifier { get set }
    /// Where authentication notes that the caller is known; nil if the routes have no authentication.
    var caller: Caller? { get }
}

extension ConnectionContext {
    package var caller: Caller? { nil }
}
