/// Where and how the HTTP front listens.
package struct FrontSettings: Sendable {
    package var host: String
    /// 0 lets the system choose; `HTTPFront.application` then tells which one it was.
    package var port: Int
    /// Where customers reach the service, for the `type` of problem documents; nil makes them relative.
    package var publicURL: String?
    /// Whose word about where a call came from is believed.
    package var proxies: TrustedProxies
    package var gate: GateSettings
    /// Connections that the kernel holds before they are accepted.
    package var backlog = 1_024
    package var connections = ConnectionLimits()

    package init(
        host: String, port: Int, publicURL: String? = nil, proxies: TrustedProxies = .none,
        gate: GateSettings = GateSettings()
    ) {
        self.host = host
        self.port = port
        self.publicURL = publicURL
        self.proxies = proxies
        self.gate = gate
    }
}
