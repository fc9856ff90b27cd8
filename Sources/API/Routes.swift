import HTTPTypes
import Hummingbird
import Tenancy

/// The routes of the API: which handler answers which path. ``RouteTable`` says who may call them.
struct Routes: Sendable {
    let auth: AuthRoutes
    let authentication: AuthenticationMiddleware
    let health: HealthRoutes
    let metrics: GetMetrics
    let documents: DocumentRoutes
    let app: AppRoutes
    let createJob: CreateJob
    let estimateJob: EstimateJob
    let getJob: GetJob
    let listJobs: ListJobs
    let getTranscript: GetTranscript
    let getProvenance: GetProvenance
    let cancelJob: CancelJob
    let deleteJob: DeleteJob
    let deleteTranscript: DeleteTranscript
    let corrections: CorrectionRoutes
    let speakers: SpeakerRoutes
    let keys: KeyRoutes
    let members: MemberRoutes
    let accountLimits: AccountLimitsRoutes
    let getUsage: GetUsage
    let getPlans: GetPlans
    let statements: StatementRoutes
    let getDeliveries: GetDeliveries
    let postDeliveries: PostDeliveries
    let getWebhook: GetWebhook
    let putWebhook: PutWebhook
    let webhooks: WebhookRoutes
    let testWebhook: TestWebhook
    let webhookSecret: WebhookSecretRoutes

    func add(to router: Router<PublicContext>) {
        health.add(to: router)
        router.get("metrics", use: metrics.handle)
        documents.add(to: router)
        app.add(to: router)
        auth.add(to: router)
        router.get("plans", use: getPlans.handle)

        add(.post, "/jobs", to: router, createJob.handle)
        add(.post, "/jobs/estimate", to: router, estimateJob.handle)
        add(.get, "/jobs", to: router, listJobs.handle)
        add(.get, "/jobs/{id}", to: router, getJob.handle)
        add(.delete, "/jobs/{id}", to: router, deleteJob.handle)
        add(.post, "/jobs/{id}/cancel", to: router, cancelJob.handle)
        add(.get, "/jobs/{id}/transcript", to: router, getTranscript.handle)
        add(.patch, "/jobs/{id}/transcript", to: router, corrections.correct)
        add(.delete, "/jobs/{id}/transcript", to: router, deleteTranscript.handle)
        add(.get, "/jobs/{id}/revisions", to: router, corrections.list)
        add(.get, "/jobs/{id}/provenance", to: router, getProvenance.handle)
        add(.get, "/jobs/{id}/speakers", to: router, speakers.get)
        add(.put, "/jobs/{id}/speakers", to: router, speakers.name)
        add(.get, "/jobs/{id}/deliveries", to: router, getDeliveries.handle)
        add(.post, "/jobs/{id}/deliveries", to: router, postDeliveries.handle)
        add(.get, "/webhook", to: router, getWebhook.handle)
        add(.put, "/webhook", to: router, putWebhook.handle)
        add(.get, "/webhooks", to: router, webhooks.list)
        add(.post, "/webhooks", to: router, webhooks.create)
        add(.get, "/webhooks/{id}", to: router, webhooks.get)
        add(.patch, "/webhooks/{id}", to: router, webhooks.change)
        add(.delete, "/webhooks/{id}", to: router, webhooks.remove)
        add(.post, "/webhooks/{id}/test", to: router, testWebhook.handle)
        add(.get, "/webhooks/{id}/deliveries", to: router, webhooks.deliveries)
        add(.post, "/webhooks/{id}/replay", to: router, webhooks.replay)
        add(.get, "/webhook-secret", to: router, webhookSecret.get)
        add(.post, "/webhook-secret/rotate", to: router, webhookSecret.rotate)
        add(.get, "/usage", to: router, getUsage.handle)
        add(.get, "/statements", to: router, statements.list)
        add(.get, "/statements/{period}", to: router, statements.get)
        add(.get, "/account/limits", to: router, accountLimits.get)
        add(.put, "/account/limits", to: router, accountLimits.set)
        router.post("members/sign-in", use: members.signIn)
        router.post("members/password", use: members.setPassword)
        add(.post, "/members/sign-out", to: router, members.signOut)
        add(.get, "/members/me", to: router, members.me)
        add(.put, "/members/me/password", to: router, members.changePassword)
        add(.get, "/members", to: router, members.list)
        add(.post, "/members", to: router, members.invite)
        add(.patch, "/members/{id}", to: router, members.change)
        add(.delete, "/members/{id}", to: router, members.remove)
        add(.post, "/members/{id}/reset", to: router, members.reset)
        add(.get, "/keys", to: router, keys.list)
        add(.post, "/keys", to: router, keys.create)
        add(.patch, "/keys/{id}", to: router, keys.change)
        add(.post, "/keys/{id}/rotate", to: router, keys.rotate)
        add(.delete, "/keys/{id}", to: router, keys.revoke)
        Self.requireRules(for: router)
    }

    /// Adds a route that needs an access token with the scope that ``RouteTable`` names.
    private func add<Answer: ResponseGenerator>(
        _ method: HTTPRequest.Method, _ path: String, to router: Router<PublicContext>,
        _ handler: @escaping @Sendable (Request, AuthenticatedContext) async throws -> Answer
    ) {
        guard let rule = RouteTable.rule(method, path), rule.access != .anyone else {
            preconditionFailure("RouteTable has no rule for \(method) \(path)")
        }
        router.group(RouterPath(path)).add(middleware: authentication).group(context: AuthenticatedContext.self)
            .on("", method: method) { request, context in
                try Self.check(rule, context)
                return try await handler(request, context)
            }
    }

    /// Throws unless the caller may make the call.
    private static func check(_ rule: RouteTable.Rule, _ context: AuthenticatedContext) throws {
        switch rule.access {
        case .anyone: break
        case .roles(let roles):
            guard let role = context.principal.role, roles.contains(role) else {
                throw APIError.roleRequired(MemberRole.allCases.filter(roles.contains))
            }
        case .scope(let scope):
            if let roles = rule.roles, let role = context.principal.role {
                guard roles.contains(role) else {
                    throw APIError.roleRequired(MemberRole.allCases.filter(roles.contains))
                }
            } else {
                guard context.scopes.contains(scope) else { throw APIError.insufficientScope(scope) }
            }
        }
        if rule.isLiveOnly, context.principal.mode == .test { throw APIError.liveKeyRequired }
    }

    /// Stops the start of a node whose routes and rules differ.
    private static func requireRules(for router: Router<PublicContext>) {
        let routes = Set(router.routes.map { "\($0.method.rawValue) \($0.path)" })
        let rules = Set(RouteTable.rules.map { "\($0.method) \($0.path)" })
        precondition(routes == rules, "RouteTable differs: \(routes.symmetricDifference(rules).sorted())")
    }
}
