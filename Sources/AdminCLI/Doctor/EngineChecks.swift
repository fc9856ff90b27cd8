import Egress
import Foundation
import Logging
import Pipeline

/// Whether the model server can work, and whether the external recognizers answer and accept our keys.
struct EngineChecks: Sendable {
    let environment: NodeEnvironment
    /// What the engines rejected, as nodes reported it. The doctor doesn't try it, because a transcript would cost money.
    let refused: [RefusedModel]
    let logger: Logger

    func run() async -> [Finding] {
        let client = EgressClient(logger: logger)
        var findings: [Finding] = []
        if let url = environment.settings.inferenceURL {
            findings.append(await remoteModels(url, client))
        } else if !environment.faults.contains(where: { $0.hasPrefix("VERBATIM_INFERENCE_URL") }) {
            findings += LocalModels(settings: environment.settings).check()
        }
        if let server = environment.settings.engines.whisper {
            findings.append(await foreignWhisper(server, client))
            findings += await foreignModel(server, client)
            findings += refusals(
                "whisper model", EngineRefusals.whisperServer, of: [server.model ?? WhisperModelName.any],
                setting: "VERBATIM_WHISPER_MODEL")
        }
        if let account = environment.settings.engines.assemblyAI,
            !environment.faults.contains(where: { $0.hasPrefix("VERBATIM_ASSEMBLYAI") })
        {
            findings.append(await assemblyAI(account, client))
            findings += refusals(
                "assemblyai models", AssemblyAIEngine.engineName, of: account.models,
                setting: "VERBATIM_ASSEMBLYAI_MODELS")
        }
        await client.close()
        return findings
    }

    /// Reports rejected models that the settings still name, and requests that were rejected since the last accepted one.
    private func refusals(_ check: String, _ engine: String, of models: [String], setting: String) -> [Finding] {
        let found = refused.filter { $0.engine == engine && ($0.isAnyRequest || models.contains($0.model)) }
        guard !found.isEmpty else { return [] }
        return found.map { refusal in
            let answer = refusal.answer.isEmpty ? "" : " (\(refusal.answer))"
            let last = "last \(refusal.lastAt)"
            return .fail(
                check,
                refusal.isAnyRequest
                    ? "nodes' requests were rejected, \(last)\(answer); see their log for the setting"
                    : "\(refusal.model) is rejected, \(last)\(answer); take it out of \(setting), or name its successor, and restart the nodes"
            )
        }
    }

    private func remoteModels(_ url: String, _ client: EgressClient) async -> Finding {
        let isReady = await EngineReadiness(server: ModelServer(address: .url(url), client: client)).isReady()
        return isReady
            ? .ok("model server", "answers, and its models are loaded")
            : .fail("model server", "does not answer at VERBATIM_INFERENCE_URL, or is loading its models; see its log")
    }

    /// Any answer will do. This is a GET request to the URL for transcriptions, which expects POST, and servers answer that differently.
    private func foreignWhisper(_ server: EngineSettings.WhisperServer, _ client: EgressClient) async -> Finding {
        do {
            _ = try await client.send(
                EgressRequest(
                    url: server.endpoint.url,
                    limits: EgressLimits(total: .seconds(10), connect: .seconds(5), responseBytes: 1 << 20),
                    trust: .operatorConfigured))
            return .ok("whisper server", "there is a server at VERBATIM_WHISPER_URL")
        } catch EgressError.responseTooLarge {
            return .ok("whisper server", "there is a server at VERBATIM_WHISPER_URL")
        } catch {
            return .fail("whisper server", "\(error); fix VERBATIM_WHISPER_URL or the server")
        }
    }

    /// Checks that the server accepts our key and lists the model. Finds nothing if that is so, or if the server has no list of models. An
    /// unlisted model is only a warning, because some servers fetch a model when it is first used.
    private func foreignModel(_ server: EngineSettings.WhisperServer, _ client: EgressClient) async -> [Finding] {
        struct Models: Decodable {
            struct Model: Decodable { let id: String }
            let data: [Model]
        }
        guard let url = server.endpoint.modelsURL,
            let answer = try? await client.send(
                EgressRequest(
                    url: url, headers: server.apiKey.map { [("Authorization", "Bearer \($0)")] } ?? [],
                    limits: EgressLimits(total: .seconds(10), connect: .seconds(5), responseBytes: 4 << 20),
                    trust: .operatorConfigured))
        else { return [] }
        if [401, 403].contains(answer.status) {
            return [
                .fail(
                    "whisper server", "rejects our requests with HTTP \(answer.status); check VERBATIM_WHISPER_API_KEY")
            ]
        }
        guard answer.isSuccess, let model = server.model,
            let models = try? JSONDecoder().decode(Models.self, from: Data(answer.body)), !models.data.isEmpty,
            !models.data.contains(where: { $0.id == model })
        else { return [] }
        return [
            .warn(
                "whisper model",
                "the server does not list \(model), which VERBATIM_WHISPER_MODEL names; it has "
                    + models.data.prefix(5).map(\.id).joined(separator: ", "))
        ]
    }

    private func assemblyAI(_ account: AssemblyAIAccount, _ client: EgressClient) async -> Finding {
        do {
            try await AssemblyAIEngine(account: account, client: client, logger: logger).check()
            return .ok("assemblyai", "answers and accepts our key (it does not say whether there is a balance)")
        } catch EngineError.misconfigured(let text) {
            return .fail(
                "assemblyai",
                "rejects our requests: \(text); check VERBATIM_ASSEMBLYAI_API_KEY and VERBATIM_ASSEMBLYAI_URL")
        } catch EngineError.refused(let text) {
            return .fail("assemblyai", "rejects our requests: \(text)")
        } catch EngineError.quotaExceeded {
            return .fail("assemblyai", "its account is out of quota; top it up")
        } catch {
            let state: Finding.State = environment.settings.engines.usesWhisper ? .warn : .fail
            let consequence = environment.settings.engines.usesWhisper ? "; until it does, Whisper takes over" : ""
            return Finding(check: "assemblyai", state: state, message: "does not answer\(consequence)")
        }
    }
}
