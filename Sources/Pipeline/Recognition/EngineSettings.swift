import Egress
import Foundation
import Logging
import Settings

/// Which recognizer does the work, and which one is the fallback.
package struct EngineSettings: Sendable {
    /// If both are used, AssemblyAI is the first engine, and Whisper is its fallback.
    package let usesAssemblyAI: Bool
    package let usesWhisper: Bool
    /// Set if AssemblyAI is used.
    package let assemblyAI: AssemblyAIAccount?
    /// The operator's own Whisper server, which only recognizes; nil: Verbatim's model server.
    package let whisper: WhisperServer?

    package struct WhisperServer: Sendable {
        package let endpoint: WhisperEndpoint
        package let apiKey: String?
        /// The model to request; nil if the server has only one.
        package let model: String?
    }

    private static let orders =
        "'whisper', 'assemblyai,whisper' (AssemblyAI first, Whisper where it fails) or 'assemblyai'"

    /// Reads the settings. Errors are collected in `reader`.
    package init(reader: SettingsReader) {
        reader.mention(
            "VERBATIM_ASSEMBLYAI_API_KEY", "VERBATIM_ASSEMBLYAI_URL", "VERBATIM_ASSEMBLYAI_MODELS",
            "VERBATIM_WHISPER_API_KEY", "VERBATIM_WHISPER_MODEL")
        let order = (reader.string("VERBATIM_ENGINE") ?? "whisper").split(
            separator: ",", omittingEmptySubsequences: false
        )
        .map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
        if ![["whisper"], ["assemblyai"], ["assemblyai", "whisper"]].contains(order) {
            reader.report("VERBATIM_ENGINE must be \(Self.orders)")
        }
        usesAssemblyAI = order.first == "assemblyai"
        usesWhisper = order.contains("whisper")
        assemblyAI = usesAssemblyAI ? Self.account(reader) : nil
        whisper = Self.whisperServer(reader)
    }

    /// Returns the engine for these settings.
    ///
    /// - Parameter refusals: Reports what the engines reject.
    package func recognizer(
        server: ModelServer, client: EgressClient, refusals: EngineRefusals, logger: Logger
    ) -> any RecognitionEngine {
        let whisper: any RecognitionEngine =
            if let own = self.whisper {
                MonitoredEngine(
                    WhisperEngine(
                        endpoint: own.endpoint, apiKey: own.apiKey, model: own.model, client: client,
                        refusals: refusals),
                    named: "the Whisper server", logger: logger)
            } else {
                WhisperEngine(server: server)
            }
        guard let assemblyAI else { return whisper }
        let primary = MonitoredEngine(
            AssemblyAIEngine(account: assemblyAI, client: client, refusals: refusals, logger: logger),
            named: "AssemblyAI", logger: logger)
        return usesWhisper ? FallbackEngine(primary: primary, fallback: whisper, logger: logger) : primary
    }

    private static func account(_ reader: SettingsReader) -> AssemblyAIAccount? {
        let key = reader.required(
            "VERBATIM_ASSEMBLYAI_API_KEY", hint: "VERBATIM_ENGINE names assemblyai; its dashboard shows the key")
        let url = reader.string("VERBATIM_ASSEMBLYAI_URL") ?? AssemblyAIAccount.defaultURL
        let parts = URL(string: url)
        if parts?.scheme != "https" && parts?.scheme != "http" || parts?.host() == nil {
            reader.report("VERBATIM_ASSEMBLYAI_URL must be an http or https URL")
        }
        let names = reader.string("VERBATIM_ASSEMBLYAI_MODELS").map { text in
            text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        if names?.isEmpty == true {
            reader.report("VERBATIM_ASSEMBLYAI_MODELS must name models, such as universal-3-5-pro,universal-2")
            return nil
        }
        return AssemblyAIAccount(url: url, apiKey: key, models: names ?? AssemblyAIAccount.defaultModels)
    }

    private static func whisperServer(_ reader: SettingsReader) -> WhisperServer? {
        guard let url = reader.string("VERBATIM_WHISPER_URL") else { return nil }
        guard let endpoint = WhisperEndpoint(url) else {
            reader.report("VERBATIM_WHISPER_URL must be the http or https URL of an OpenAI-compatible server")
            return nil
        }
        return WhisperServer(
            endpoint: endpoint, apiKey: reader.string("VERBATIM_WHISPER_API_KEY"),
            model: reader.string("VERBATIM_WHISPER_MODEL"))
    }
}
