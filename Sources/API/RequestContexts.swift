import Hummingbird
import Logging
import NIOCore
import Tenancy

/// The context of every request.
struct PublicContext: ConnectionContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    var requestID = RequestIdentifier()
    let caller: Caller? = Caller()
    /// Set by `AuthenticationMiddleware`.
    var principal: Principal?

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// The context behind authentication: there is a principal, or the handler is never reached.
struct AuthenticatedContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let principal: Principal

    init(context: PublicContext) throws {
        guard let principal = context.principal else { throw APIError.internalError }
        self.principal = principal
        coreContext = context.coreContext
    }
}
