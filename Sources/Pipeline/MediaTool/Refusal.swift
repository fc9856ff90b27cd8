import JSON

/// Why a file gives no audio, as the API's clients will read it.
package struct Refusal: Error {
    /// Those of the service's `InvalidAudioReason` that a file itself can give; a test compares them. This tool links none of its modules.
    package enum Reason: String, CaseIterable {
        /// Not one of our containers or codecs.
        case unsupportedFormat = "unsupported_format"
        /// One of ours, but broken: no frame comes out.
        case decodeFailed = "decode_failed"
        case emptyAudio = "empty_audio"
    }

    let reason: Reason
    /// A few words of ours; never content of the file.
    let detail: String

    init(_ reason: Reason, _ detail: String) {
        self.reason = reason
        self.detail = detail
    }

    var json: String {
        var writer = JSONWriter(capacity: 512)
        writer.object { json in
            json.key("error")
            json.string(reason.rawValue)
            json.key("detail")
            json.string(detail)
        }
        return writer.text
    }
}
