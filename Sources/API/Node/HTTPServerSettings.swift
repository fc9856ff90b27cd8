/// Where and how the HTTP server listens.
package struct HTTPServerSettings: Sendable {
    package var host: String
    /// 0 lets the system choose one; `HTTPServer.application` then says which.
    package var port: Int
    /// Where customers reach the service, for the `type` of problem documents; nil makes them relative.
    package var publicURL: String?
    /// The proxies that are trusted to say where a request came from.
    package var proxies: TrustedProxies
    /// The origins of pages that may call the API from a browser.
    package var corsOrigins: Set<String> = []
    package var connectionGuard: ConnectionGuardSettings
    /// Connections that the kernel holds before they are accepted.
    package var backlog = 1_024
    package var connections = ConnectionLimits()

    package init(
        host: String, port: Int, publicURL: String? = nil, proxies: TrustedProxies = .none,
        connectionGuard: ConnectionGuardSettings = ConnectionGuardSettings()
    ) {
        self.host = host
        self.port = port
        self.publicURL = publicURL
        self.proxies = proxies
        self.connectionGuard = connectionGuard
    }
}
