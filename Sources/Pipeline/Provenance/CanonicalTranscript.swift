import Cryptography

/// What a provenance record vouches for of a transcript: who said which words when, and which model heard them, in the canonical form of RFC 8785
/// (JCS). Whoever has the JSON of `GET /jobs/{id}/transcript` can make the same bytes, whatever the service adds to that JSON later.
package struct CanonicalTranscript {
    package private(set) var bytes: [UInt8] = []

    /// SHA-256 of a transcript's canonical form, 32 bytes.
    package static func digest(of transcript: Transcript) -> [UInt8] {
        SHA256.hash(CanonicalTranscript(transcript.ordered()).bytes)
    }

    /// - Parameter transcript: with times in order, as customers get it.
    package init(_ transcript: Transcript) {
        bytes.reserveCapacity(256 + transcript.segments.reduce(0) { $0 + 160 + $1.words.count * 80 })
        // The names of each object are in the order that the RFC asks for.
        write("{\"diarization\":")
        string(transcript.diarization)
        write(",\"duration_seconds\":")
        seconds(transcript.durationMilliseconds)
        write(",\"engine\":")
        string(transcript.engine)
        write(",\"job_id\":")
        string(transcript.jobID)
        write(",\"language\":")
        string(transcript.language)
        write(",\"model\":")
        string(transcript.model)
        write(",\"segments\":")
        list(transcript.segments) { canonical, segment in
            canonical.spoken(segment.text, by: segment.speaker, from: segment.start, to: segment.end)
            canonical.write(",\"words\":")
            canonical.list(segment.words) { canonical, word in
                canonical.spoken(word.text, by: word.speaker ?? segment.speaker, from: word.start, to: word.end)
                canonical.write("}")
            }
            canonical.write("}")
        }
        write("}")
    }

    private mutating func spoken(_ text: String, by speaker: String?, from start: Int64, to end: Int64) {
        write("{\"end\":")
        seconds(end)
        write(",\"speaker\":")
        if let speaker { string(speaker) } else { write("null") }
        write(",\"start\":")
        seconds(start)
        write(",\"text\":")
        string(text)
    }

    private mutating func list<Element>(_ elements: [Element], _ body: (inout Self, Element) -> Void) {
        write("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { write(",") }
            body(&self, element)
        }
        write("]")
    }

    private mutating func write(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Writes milliseconds as a number of seconds, with as few digits as it takes.
    private mutating func seconds(_ milliseconds: Int64) {
        bytes.append(contentsOf: String(milliseconds / 1_000).utf8)
        var rest = milliseconds % 1_000
        guard rest > 0 else { return }
        bytes.append(UInt8(ascii: "."))
        var place: Int64 = 100
        while rest > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(rest / place))
            rest %= place
            place /= 10
        }
    }

    private mutating func string(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x08: write("\\b")
            case 0x09: write("\\t")
            case 0x0A: write("\\n")
            case 0x0C: write("\\f")
            case 0x0D: write("\\r")
            case ..<0x20:
                write("\\u00")
                bytes += [byte >> 4, byte & 15].map { $0 < 10 ? 0x30 + $0 : 0x57 + $0 }
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
