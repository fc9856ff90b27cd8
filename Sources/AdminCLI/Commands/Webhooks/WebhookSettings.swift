import Pipeline
import Settings

/// What the commands about webhooks read of the environment, besides the database's URL and the master key.
struct WebhookSettings {
    /// Blocks of addresses that may be connected to though private.
    let egressAllow: String
    /// Where customers reach the service.
    let publicURL: String?

    /// Throws what is wrong with them.
    init() throws {
        let reader = SettingsReader()
        egressAllow = reader.string("VERBATIM_EGRESS_ALLOW") ?? ""
        publicURL = NodeSettings.publicURL(reader)
        try reader.finish()
    }
}
