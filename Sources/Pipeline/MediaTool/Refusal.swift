import JSON

/// Why a file is rejected, in the words that the API's clients read.
package struct Refusal: Error {
    /// The values of the service's `InvalidAudioReason` that depend on the file alone. This tool links none of the service's modules, so
    /// a test compares the two lists.
    package enum Reason: String, CaseIterable {
        /// We don't accept the container or the codec.
        case unsupportedFormat = "unsupported_format"
        /// We accept the container and the codec, but no frame can be decoded.
        case decodeFailed = "decode_failed"
        case emptyAudio = "empty_audio"
    }

    package let reason: Reason
    /// A short text of our own; never content of the file.
    package let detail: String

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
