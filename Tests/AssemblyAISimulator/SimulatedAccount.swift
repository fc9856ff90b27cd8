import Foundation

/// The account at AssemblyAI and the API's rules, without HTTP around them.
struct SimulatedAccount: Sendable {
    var settings: SimulatorSettings
    /// How the next transcripts fail.
    var endings = SimulatorScript<String>()
    /// How the next recordings fail that were not handed in before.
    var recordingEndings = SimulatorScript<String>()
    /// By their URLs.
    private(set) var uploads: [String: [UInt8]] = [:]
    var transcripts: [SimulatedTranscript] = []
    /// How recordings end that were handed in, by what they hold; nil for those that do not fail.
    private var knownRecordings: [[UInt8]: String?] = [:]

    init(settings: SimulatorSettings) {
        self.settings = settings
    }

    mutating func answer(_ call: SimulatedCall) -> SimulatedResponse {
        guard call.authorization == settings.apiKey else {
            return SimulatedResponse(401, error: "Authentication error, API token missing/invalid")
        }
        switch call.route {
        case .upload: return upload(call)
        case .submit: return submit(call)
        case .poll: return poll(call)
        case .delete: return delete(call)
        case .unknown: return SimulatedResponse(404, error: "Not found")
        }
    }

    private mutating func upload(_ call: SimulatedCall) -> SimulatedResponse {
        let url = "http://\(call.host)/upload/\(UUID().uuidString.lowercased())"
        uploads[url] = call.body
        return SimulatedResponse(object: ["upload_url": url])
    }

    private mutating func submit(_ call: SimulatedCall) -> SimulatedResponse {
        guard let submission = try? JSONDecoder().decode(SimulatedSubmission.self, from: Data(call.body)) else {
            return SimulatedResponse(400, error: "Invalid JSON")
        }
        if submission.speech_model != nil {
            return SimulatedResponse(400, error: #""speech_model" is deprecated, use "speech_models""#)
        }
        let models = submission.speech_models ?? []
        let known = settings.models.keys.filter { !settings.retired.contains($0) }
        // The list is judged whole, whatever its first name.
        guard !models.isEmpty, models.allSatisfy(known.contains) else {
            return SimulatedResponse(400, error: refusal(of: models, known: known.sorted()))
        }
        if submission.language_detection == true, submission.language_code != nil {
            return SimulatedResponse(400, error: "language_detection is not available when language_code is specified.")
        }
        let language = submission.language_code ?? "en_us"
        let fitting = models.first { model in
            let known = settings.models[model] ?? []
            return known.contains(language) || known.contains(String(language.prefix(2))) && language.contains("_")
        }
        guard let model = fitting else {
            return SimulatedResponse(
                400, error: "The language \(language) is not supported by the selected speech models.")
        }
        if settings.balanceIsEmpty {
            return SimulatedResponse(
                400, error: "Your current account balance is negative. Please top up to continue using the API.")
        }
        guard let bytes = submission.audio_url.flatMap({ uploads[$0] }) else {
            return SimulatedResponse(403, error: "Cannot access uploaded file")
        }
        let transcript = transcribe(bytes, submission, model)
        transcripts.append(transcript)
        return SimulatedResponse(object: transcript.json)
    }

    private func refusal(of models: [String], known: [String]) -> String {
        if let text = settings.modelRefusal { return text }
        let names = known.joined(separator: ", ")
        if let retired = models.first(where: settings.retired.contains) {
            return
                "The speech model \(retired) is no longer available. Use one or more of the following instead: \(names)"
        }
        return #""speech_models" must be a non-empty list containing one or more of: \#(names)"#
    }

    private mutating func transcribe(
        _ bytes: [UInt8], _ submission: SimulatedSubmission, _ model: String
    ) -> SimulatedTranscript {
        let audio = UploadedAudio(bytes)
        let ending = knownRecordings[bytes] ?? recordingEndings.next()
        knownRecordings[bytes] = .some(ending)
        var error = endings.next() ?? ending
        if audio == nil { error = "Transcoding failed. File does not appear to contain audio." }
        if let audio, audio.milliseconds < 160 { error = "Audio duration is too short." }
        return SimulatedTranscript(
            id: UUID().uuidString.lowercased(), submission: submission, audioMilliseconds: audio?.milliseconds ?? 0,
            model: model, error: error, words: audio.map(settings.words) ?? [])
    }

    private mutating func poll(_ call: SimulatedCall) -> SimulatedResponse {
        guard let index = find(call.id) else { return missing }
        if !transcripts[index].isDeleted {
            transcripts[index].poll(unfinishedPolls: settings.unfinishedPolls)
        }
        return SimulatedResponse(object: transcripts[index].json)
    }

    private mutating func delete(_ call: SimulatedCall) -> SimulatedResponse {
        guard let index = find(call.id) else { return missing }
        transcripts[index].isDeleted = true
        uploads[transcripts[index].audioURL] = nil
        return SimulatedResponse(object: transcripts[index].json)
    }

    private func find(_ id: String) -> Int? {
        transcripts.firstIndex { $0.id == id && !$0.isLost }
    }

    private var missing: SimulatedResponse {
        SimulatedResponse(404, error: "Transcript lookup error, transcript id not found")
    }
}
