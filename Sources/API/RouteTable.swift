import HTTPTypes
import Tenancy

/// Every call that the API answers, and who may make it. A node does not start with a route that is missing here.
package enum RouteTable {
    package struct Rule: Sendable, Hashable {
        package let method: String
        /// With captures such as `{id}`.
        package let path: String
        package let access: Access
        /// Whether it is about something real, so that a test key may not call it.
        package let isLiveOnly: Bool
        /// The members that may call it; nil: those whose role has the scope.
        package let roles: Set<MemberRole>?

        init(
            _ method: String, _ path: String, _ access: Access, liveOnly: Bool = false, roles: Set<MemberRole>? = nil
        ) {
            self.roles = roles
            self.method = method
            self.path = path
            self.access = access
            isLiveOnly = liveOnly
        }
    }

    package enum Access: Sendable, Hashable {
        /// Anybody, without an access token.
        case anyone
        /// Whoever has an access token with this scope, and members whose role has it.
        case scope(Scope)
        /// Members with one of these roles. No API key may do it.
        case roles(Set<MemberRole>)
    }

    package static let rules: [Rule] = [
        Rule("GET", "/healthz", .anyone),
        Rule("GET", "/readyz", .anyone),
        Rule("GET", "/metrics", .anyone),
        Rule("GET", "/openapi.json", .anyone),
        Rule("GET", "/docs", .anyone),
        Rule("GET", "/", .anyone),
        Rule("GET", "/app", .anyone),
        Rule("GET", "/app/**", .anyone),
        Rule("GET", "/app/assets/{version}/**", .anyone),
        Rule("POST", "/auth/token", .anyone),
        Rule("POST", "/auth/refresh", .anyone),
        Rule("POST", "/auth/revoke", .anyone),
        Rule("GET", "/.well-known/jwks.json", .anyone),
        Rule("GET", "/plans", .anyone),
        Rule("POST", "/jobs", .scope(.writeJobs)),
        // A simulated job costs nothing.
        Rule("POST", "/jobs/estimate", .scope(.writeJobs), liveOnly: true),
        Rule("GET", "/jobs", .scope(.readJobs)),
        Rule("GET", "/jobs/{id}", .scope(.readJobs)),
        Rule("DELETE", "/jobs/{id}", .scope(.deleteJobs)),
        Rule("POST", "/jobs/{id}/cancel", .scope(.writeJobs)),
        Rule("GET", "/jobs/{id}/transcript", .scope(.readJobs)),
        Rule("PATCH", "/jobs/{id}/transcript", .scope(.writeJobs)),
        Rule("DELETE", "/jobs/{id}/transcript", .scope(.deleteJobs)),
        Rule("GET", "/jobs/{id}/revisions", .scope(.readJobs)),
        Rule("GET", "/jobs/{id}/provenance", .scope(.readJobs)),
        Rule("GET", "/jobs/{id}/speakers", .scope(.readJobs)),
        Rule("PUT", "/jobs/{id}/speakers", .scope(.writeJobs)),
        Rule("GET", "/jobs/{id}/deliveries", .scope(.readJobs)),
        Rule("POST", "/jobs/{id}/deliveries", .scope(.writeWebhooks)),
        Rule("GET", "/webhook", .scope(.writeWebhooks)),
        Rule("PUT", "/webhook", .scope(.writeWebhooks), liveOnly: true),
        Rule("GET", "/webhooks", .scope(.writeWebhooks)),
        Rule("POST", "/webhooks", .scope(.writeWebhooks), liveOnly: true),
        Rule("GET", "/webhooks/{id}", .scope(.writeWebhooks)),
        Rule("PATCH", "/webhooks/{id}", .scope(.writeWebhooks), liveOnly: true),
        Rule("DELETE", "/webhooks/{id}", .scope(.writeWebhooks), liveOnly: true),
        Rule("POST", "/webhooks/{id}/test", .scope(.writeWebhooks)),
        Rule("GET", "/webhooks/{id}/deliveries", .scope(.writeWebhooks)),
        Rule("POST", "/webhooks/{id}/replay", .scope(.writeWebhooks), liveOnly: true),
        Rule("GET", "/webhook-secret", .scope(.writeWebhooks)),
        Rule("POST", "/webhook-secret/rotate", .scope(.writeWebhooks), liveOnly: true),
        Rule("GET", "/usage", .scope(.readUsage)),
        Rule("GET", "/statements", .scope(.readUsage)),
        Rule("GET", "/statements/{period}", .scope(.readUsage)),
        Rule("GET", "/account/limits", .scope(.readUsage)),
        Rule("PUT", "/account/limits", .scope(.writeKeys), liveOnly: true, roles: [.owner, .finance]),
        Rule("POST", "/members/sign-in", .anyone),
        Rule("POST", "/members/password", .anyone),
        Rule("POST", "/members/sign-out", .roles(Set(MemberRole.allCases))),
        Rule("GET", "/members/me", .roles(Set(MemberRole.allCases))),
        Rule("PUT", "/members/me/password", .roles(Set(MemberRole.allCases))),
        Rule("GET", "/members", .roles([.owner])),
        Rule("POST", "/members", .roles([.owner])),
        Rule("PATCH", "/members/{id}", .roles([.owner])),
        Rule("DELETE", "/members/{id}", .roles([.owner])),
        Rule("POST", "/members/{id}/reset", .roles([.owner])),
        Rule("GET", "/keys", .scope(.writeKeys)),
        Rule("POST", "/keys", .scope(.writeKeys)),
        Rule("PATCH", "/keys/{id}", .scope(.writeKeys)),
        Rule("POST", "/keys/{id}/rotate", .scope(.writeKeys)),
        Rule("DELETE", "/keys/{id}", .scope(.writeKeys)),
    ]

    /// Nil if there is no such route.
    static func rule(_ method: HTTPRequest.Method, _ path: String) -> Rule? {
        rules.first { $0.method == method.rawValue && $0.path == path }
    }
}
