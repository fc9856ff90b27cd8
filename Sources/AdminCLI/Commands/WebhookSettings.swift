import Settings

/// What the commands about webhooks read of the environment, besides the database's URL and the master key.
struct WebhookSettings {
    private let reader = SettingsReader()

    /// Blocks of addresses that may be connected to though private.
    var egressAllow: String { reader.string("VERBATIM_EGRESS_ALLOW") ?? "" }

    /// Where customers reach the service.
    var publicURL: String? {
        reader.string("VERBATIM_PUBLIC_URL").map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    }
}
