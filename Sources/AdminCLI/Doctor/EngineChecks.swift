import Egress
import Foundation
import Logging
import Pipeline

/// Whether the model server can work, and whether the recognisers elsewhere answer and take our keys.
struct EngineChecks: Sendable {
    let environment: NodeEnvironment
    let logger: Logger

    func run() async -> [Finding] {
        let client = EgressClient(logger: logger)
        var findings: [Finding] = []
        if let url = environment.settings.inferenceURL {
            findings.append(await remoteModels(url, client))
        } else if !environment.faults.contains(where: { $0.hasPrefix("VERBATIM_INFERENCE_URL") }) {
            findings += LocalModels(settings: environment.settings).check()
        }
        if let server = environment.settings.engines.whisper { findings.append(await foreignWhisper(server, client)) }
        if let account = environment.settings.engines.assemblyAI,
            !environment.faults.contains(where: { $0.hasPrefix("VERBATIM_ASSEMBLYAI") })
        {
            findings.append(await assemblyAI(account, client))
        }
        await client.close()
        return findings
    }

    private func remoteModels(_ url: String, _ client: EgressClient) async -> Finding {
        let isReady = await EngineReadiness(server: ModelServer(address: .url(url), client: client)).isReady()
        return isReady
            ? .ok("model server", "answers, and its models are loaded")
            : .fail("model server", "does not answer at VERBATIM_INFERENCE_URL, or is loading its models; see its log")
    }

    /// Any answer is one: what such servers answer to a look at their root differs.
    private func foreignWhisper(_ server: EngineSettings.WhisperServer, _ client: EgressClient) async -> Finding {
        do {
            _ = try await client.send(
                EgressRequest(
                    url: server.endpoint.url,
                    limits: EgressLimits(total: .seconds(10), connect: .seconds(5), responseBytes: 1 << 20),
                    audience: .operatorConfigured))
            return .ok("whisper server", "there is a server at VERBATIM_WHISPER_URL")
        } catch EgressError.responseTooLarge {
            return .ok("whisper server", "there is a server at VERBATIM_WHISPER_URL")
        } catch {
            return .fail("whisper server", "\(error); mend VERBATIM_WHISPER_URL or the server")
        }
    }

    private func assemblyAI(_ account: AssemblyAIAccount, _ client: EgressClient) async -> Finding {
        do {
            try await AssemblyAIEngine(account: account, client: client, logger: logger).check()
            return .ok("assemblyai", "answers and takes our key (whether there is a balance it does not tell)")
        } catch EngineError.misconfigured(let text) {
            return .fail(
                "assemblyai", "refuses us: \(text); mend VERBATIM_ASSEMBLYAI_API_KEY or VERBATIM_ASSEMBLYAI_URL")
        } catch EngineError.quotaExceeded {
            return .fail("assemblyai", "its account is out of quota; top it up")
        } catch {
            let state: Finding.State = environment.settings.engines.usesWhisper ? .warn : .fail
            let consequence = environment.settings.engines.usesWhisper ? "; until it does, Whisper takes over" : ""
            return Finding(check: "assemblyai", state: state, message: "does not answer\(consequence)")
        }
    }
}
