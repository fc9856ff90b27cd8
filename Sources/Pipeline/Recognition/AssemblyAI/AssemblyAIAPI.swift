import Egress
import Foundation

/// The calls to AssemblyAI, each made once: what is tried again, and when, is the engine's to decide.
///
/// Throws ``AssemblyAIError``; `CancellationError`; `EgressError.closed` while this process shuts down, which says nothing about
/// AssemblyAI.
struct AssemblyAIAPI: Sendable {
    let account: AssemblyAIAccount
    let limits: AssemblyAILimits
    let client: EgressClient

    /// Hands over the audio.
    /// - Returns: where AssemblyAI, and only it, finds it.
    func upload(_ audio: [UInt8]) async throws -> String {
        let time = limits.answer + .seconds(1) * (Double(audio.count) / Double(limits.slowestUpload))
        let response = try await send(
            "POST", "/v2/upload", type: "application/octet-stream", body: .bytes(audio), timeout: time)
        return try decode(Uploaded.self, response).upload_url
    }

    private struct Uploaded: Decodable {
        let upload_url: String
    }

    /// Asks for a transcript of what was uploaded, by the first of `models` that knows the language. It costs money, once for each time that
    /// this call arrives and is not refused.
    func submit(_ audio: String, language: String, models: [String]) async throws -> AssemblyAIResponse {
        let body = try JSONEncoder().encode(
            Submission(audio_url: audio, speech_models: models, language_code: language))
        let response = try await send("POST", "/v2/transcript", type: "application/json", body: .bytes(Array(body)))
        return try decode(AssemblyAIResponse.self, response)
    }

    private struct Submission: Encodable {
        let audio_url: String
        let speech_models: [String]
        let language_code: String
        let punctuate = true
        let format_text = true
    }

    /// How far a transcript has come. Throws `.missing` when there is none of that id.
    func transcript(_ id: String) async throws -> AssemblyAIResponse {
        do {
            return try decode(AssemblyAIResponse.self, try await send("GET", "/v2/transcript/\(id)"))
        } catch let fault as AssemblyAIError where fault.isAboutTheID {
            throw AssemblyAIError.missing
        }
    }

    /// Has a transcript and its audio deleted. What is gone already is no fault.
    func delete(_ id: String) async throws {
        do {
            _ = try await send("DELETE", "/v2/transcript/\(id)")
        } catch let fault as AssemblyAIError where fault.isAboutTheID {
            return
        }
    }

    private func send(
        _ method: String, _ path: String, type: String? = nil, body: EgressBody = .none, timeout: Duration? = nil
    ) async throws -> EgressResponse {
        var headers = [(name: "Authorization", value: account.apiKey), (name: "Accept", value: "application/json")]
        // A kept connection that the other side drops under a request makes libcurl send the request again unasked, and a
        // submission that arrives twice is billed twice: no connection is kept, nor one that was kept all the same taken.
        headers.append((name: "Connection", value: "close"))
        if let type { headers.append((name: "Content-Type", value: type)) }
        let request = EgressRequest(
            method: method, url: account.url + path, headers: headers, body: body,
            limits: EgressLimits(
                total: timeout ?? limits.answer, connect: limits.connect, responseBytes: limits.responseBytes),
            trust: .operatorConfigured, ownConnection: true)
        let response: EgressResponse
        do {
            response = try await client.send(request)
        } catch let error as EgressError where error != .closed {
            throw AssemblyAIError(error)
        }
        guard response.isSuccess else { throw AssemblyAIError(response, apiKey: account.apiKey) }
        return response
    }

    /// An answer that is not what they document is a fault of their side, which may pass.
    private func decode<T: Decodable>(_ type: T.Type, _ response: EgressResponse) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            throw AssemblyAIError.unavailable(.serverError)
        }
    }
}

extension AssemblyAIError {
    /// Of a call that names a transcript: whether that is what is wrong.
    fileprivate var isAboutTheID: Bool {
        switch self {
        // Their own word, that is: a proxy's 404, or another region's, says nothing of the transcript.
        case .refused(404, let text): !text.isEmpty
        case .refused(400, let text): text.lowercased().contains("not found")
        default: false
        }
    }
}
