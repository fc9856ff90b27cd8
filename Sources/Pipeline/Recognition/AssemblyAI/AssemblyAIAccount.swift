/// The operator's account at AssemblyAI: its host, its key and the models to request. Its description omits the key.
package struct AssemblyAIAccount: Sendable {
    /// The service in the US. European accounts have a host of their own.
    package static let defaultURL = "https://api.assemblyai.com"
    /// Only defaults, because AssemblyAI renames its models now and then.
    package static let defaultModels = ["universal-3-5-pro", "universal-2"]

    /// `http(s)://host[:port][/prefix]`, without a slash at the end.
    let url: String
    let apiKey: String
    /// The models in the order of preference; at least one.
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
