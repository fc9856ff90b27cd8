import Egress
import Foundation

/// The calls to AssemblyAI. Each makes one attempt; the engine decides about retries.
///
/// All calls throw ``AssemblyAIError``, `CancellationError`, or `EgressError.closed` while this process shuts down, which says
/// nothing about AssemblyAI.
struct AssemblyAIAPI: Sendable {
    let account: AssemblyAIAccount
    let limits: AssemblyAILimits
    let client: EgressClient

    /// Uploads the audio.
    ///
    /// - Returns: A URL at which only AssemblyAI can read it.
    func upload(_ audio: [UInt8]) async throws -> String {
        let time = limits.answer + .seconds(1) * (Double(audio.count) / Double(limits.slowestUpload))
        let response = try await send(
            "POST", "/v2/upload", type: "application/octet-stream", body: .bytes(audio), timeout: time)
        return try decode(Uploaded.self, response).upload_url
    }

    private struct Uploaded: Decodable {
        let upload_url: String
    }

    /// Requests a transcript of an uploaded recording, by the first of `models` that knows the language. It is billed each time that this
    /// call arrives and is accepted.
    ///
    /// - Parameter keyTerms: what it should know; at most 1,000 terms of at most six words.
    func submit(
        _ audio: String, language: String, models: [String], keyTerms: [String]
    ) async throws -> AssemblyAIResponse {
        let body = try JSONEncoder().encode(
            Submission(
                audio_url: audio, speech_models: models, language_code: language,
                keyterms_prompt: keyTerms.isEmpty ? nil : keyTerms))
        let response = try await send("POST", "/v2/transcript", type: "application/json", body: .bytes(Array(body)))
        return try decode(AssemblyAIResponse.self, response)
    }

    private struct Submission: Encodable {
        let audio_url: String
        let speech_models: [String]
        let language_code: String
        let keyterms_prompt: [String]?
        let punctuate = true
        let format_text = true
    }

    /// Returns a transcript's status, and its words once it is complete.
    ///
    /// - Throws: `AssemblyAIError.missing` if no transcript has this id.
    func transcript(_ id: String) async throws -> AssemblyAIResponse {
        do {
            return try decode(AssemblyAIResponse.self, try await send("GET", "/v2/transcript/\(id)"))
        } catch let fault as AssemblyAIError where fault.isAboutTheID {
            throw AssemblyAIError.missing
        }
    }

    /// Deletes a transcript and its audio at AssemblyAI. Succeeds if they are already deleted.
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
        // If a reused connection is dropped during a request, libcurl sends the request again by itself, and a submission that
        // arrives twice is billed twice. So no connection is kept open (`Connection: close`), and none is reused (`ownConnection`).
        headers.append((name: "Connection", value: "close"))
        if let type { headers.append((name: "Content-Type", value: type)) }
        headers += TraceContext.callHeaders
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

    /// Decodes an answer. One that isn't as documented counts as a temporary error of AssemblyAI.
    private func decode<T: Decodable>(_ type: T.Type, _ response: EgressResponse) throws -> T {
        do {
            return try JSONDecoder().decode(type, from: Data(response.body))
        } catch {
            throw AssemblyAIError.unavailable(.serverError)
        }
    }
}

extension AssemblyAIError {
    /// Whether the call failed because the transcript it names doesn't exist.
    fileprivate var isAboutTheID: Bool {
        switch self {
        // Only if AssemblyAI gives a text: a 404 of a proxy or of another region says nothing about the transcript.
        case .refused(404, let text): !text.isEmpty
        case .refused(400, let text): text.lowercased().contains("not found")
        default: false
        }
    }
}
