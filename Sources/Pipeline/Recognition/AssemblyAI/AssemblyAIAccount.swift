/// Which account at AssemblyAI pays, where it lies, and which of its models are asked for. Never shows its key.
package struct AssemblyAIAccount: Sendable {
    /// The service in the US. European accounts have a host of their own.
    package static let defaultURL = "https://api.assemblyai.com"
    /// What AssemblyAI calls its models changes now and then, so these are only where settings begin.
    package static let defaultModels = ["universal-3-5-pro", "universal-2"]

    /// `http(s)://host[:port][/prefix]`, without a slash at the end.
    let url: String
    let apiKey: String
    /// In the order in which AssemblyAI shall prefer them; at least one.
    package let models: [String]

    package init(
        url: String = AssemblyAIAccount.defaultURL, apiKey: String, models: [String] = AssemblyAIAccount.defaultModels
    ) {
        precondition(!models.isEmpty, "name at least one model")
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.apiKey = apiKey
        self.models = models
    }
}

extension AssemblyAIAccount: CustomStringConvertible {
    package var description: String { "AssemblyAI at \(url) with \(models.joined(separator: ", "))" }
}
