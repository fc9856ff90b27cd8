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
    /// What the principal may do now. Set with it.
    var scopes: Set<Scope> = []

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// The context behind authentication: there is a principal, or the handler is never reached.
struct AuthenticatedContext: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel
    let principal: Principal
    /// What the principal may do now.
    let scopes: Set<Scope>

    init(context: PublicContext) throws {
        guard let principal = context.principal else { throw APIError.internalError }
        self.principal = principal
        channel = context.channel
        scopes = context.scopes
        coreContext = context.coreContext
    }
}
