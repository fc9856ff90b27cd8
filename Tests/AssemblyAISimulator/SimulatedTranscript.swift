import Foundation

/// A transcript that was submitted, and what became of it.
package struct SimulatedTranscript: Sendable {
    package enum Status: String, Sendable {
        case queued, processing, completed, error
    }

    package let id: String
    package let audioURL: String
    /// The submission as it came.
    package let submission: SimulatedSubmission
    package let audioMilliseconds: Int
    /// The model of the submission's list that is taken.
    package let model: String
    package fileprivate(set) var status = Status.queued
    package fileprivate(set) var polls = 0
    package internal(set) var isDeleted = false
    var isLost = false
    /// Set when it is to fail.
    let error: String?
    let words: [SimulatedWord]

    init(
        id: String, submission: SimulatedSubmission, audioMilliseconds: Int, model: String, error: String?,
        words: [SimulatedWord]
    ) {
        self.id = id
        audioURL = submission.audio_url ?? ""
        self.submission = submission
        self.audioMilliseconds = audioMilliseconds
        self.model = model
        self.error = error
        self.words = words
    }

    /// Somebody looks at it: it has got further, unless `unfinishedPolls` have not yet been.
    mutating func poll(unfinishedPolls: Int) {
        polls += 1
        if polls > unfinishedPolls {
            status = error == nil ? .completed : .error
        } else {
            status = polls == 1 ? .queued : .processing
        }
    }

    /// The object that the API shows, whole: what is not set is null.
    var json: [String: Any] {
        var object: [String: Any] = [
            "id": id, "status": status.rawValue, "audio_url": audioURL, "speech_models": submission.speech_models ?? [],
            "punctuate": true, "format_text": true, "language_detection": submission.language_detection ?? false,
        ]
        for field in ["error", "text", "words", "utterances", "confidence", "audio_duration", "language_code"]
            + ["language_confidence", "speech_model_used", "speech_model", "webhook_url", "webhook_status_code"]
            + ["speakers_expected", "audio_start_from", "audio_end_at", "keyterms_prompt", "chapters", "entities"]
        {
            object[field] = NSNull()
        }
        object["language_code"] = submission.language_code.map { $0 == "en" ? "en_us" : $0 }
        if isDeleted { return object }
        switch status {
        case .queued, .processing: break
        case .error: object["error"] = error
        case .completed:
            object["text"] = words.map(\.text).joined(separator: " ")
            object["words"] = words.map { word in
                [
                    "text": word.text, "start": word.start, "end": word.end, "confidence": word.confidence,
                    "speaker": NSNull(), "channel": NSNull(),
                ]
            }
            object["confidence"] = words.map(\.confidence).reduce(0, +) / Double(max(1, words.count))
            object["audio_duration"] = (audioMilliseconds + 500) / 1000
            object["speech_model_used"] = model
        }
        return object
    }
}
