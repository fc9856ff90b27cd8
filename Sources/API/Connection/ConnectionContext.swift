import Hummingbird
import NIOCore

/// What our middleware needs of a request's context beside Hummingbird's own: the connection, to tell the connection guard that
/// the body is wanted, and the request's id.
package protocol ConnectionContext: RequestContext where Source == ApplicationRequestContextSource {
    /// The connection that the request came in on.
    var channel: any Channel { get }
    /// Set by `RequestIDMiddleware` before anything else runs.
    var requestID: RequestIdentifier { get set }
    /// Where whoever finds out who is calling says so; nil where nobody does.
    var caller: Caller? { get }
}

extension ConnectionContext {
    package var caller: Caller? { nil }
}
