import API
import NIOCore

/// Everything that a parser found in a body. The data of each part is joined, so that it is the same however the body was cut.
struct MultipartTranscript: Equatable {
    struct Part: Equatable {
        let name: String
        let filename: String?
        var bytes: [UInt8] = []
        var ended = false
    }

    var parts: [Part] = []
    var ended = false

    /// Feeds the body in pieces of the lengths that `cut` gives.
    static func of(_ body: [UInt8], boundary: String, cut: (Int) -> Int = { $0 }) throws -> MultipartTranscript {
        var parser = try MultipartParser(boundary: boundary)
        var transcript = MultipartTranscript()
        var at = 0
        while at < body.count {
            let length = max(1, min(cut(body.count - at), body.count - at))
            parser.append(ByteBuffer(bytes: body[at..<(at + length)]))
            at += length
            while let event = try parser.next() { transcript.add(event) }
        }
        try parser.finish()
        return transcript
    }

    private mutating func add(_ event: MultipartParser.Event) {
        switch event {
        case .part(let part): parts.append(Part(name: part.name, filename: part.filename))
        case .data(let bytes): parts[parts.count - 1].bytes += Array(bytes.readableBytesView)
        case .partEnd: parts[parts.count - 1].ended = true
        case .end: ended = true
        }
    }
}
