import JSON

/// Why a file gives no audio, as the API's clients will read it.
struct Refusal: Error {
    enum Reason: String {
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
