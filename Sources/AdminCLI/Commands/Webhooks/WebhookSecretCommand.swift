import ArgumentParser

/// `webhook-secret`: the secrets that sign customers' webhooks.
struct WebhookSecretCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook-secret", abstract: "Secrets that sign customers' webhooks.",
        discussion: """
            Example:
              verbatim-admin webhook-secret create --tenant ten_01J…
            """,
        subcommands: [WebhookSecretCreate.self, WebhookSecretRotate.self, WebhookSecretShow.self])
}

/// A secret as `--json` shows it.
struct WebhookSecretAnswer: Encodable {
    let secret: String
}
