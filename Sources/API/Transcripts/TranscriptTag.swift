import Cryptography
import Pipeline
import Tenancy

/// What the `ETag` of a transcript begins with: the same words have the same one. Corrections name it in `If-Match`.
struct TranscriptTag: Equatable {
    /// A digest of the original, and the revision if there is one: `8f0c…` or `8f0c….r3`.
    private let words: String

    /// Takes time in proportion to the transcript's length.
    init(_ stored: StoredTranscript) {
        let digest = Self.digest(stored.body, bytes: 16)
        words = stored.revision > 0 ? "\(digest).r\(stored.revision)" : digest
    }

    /// Returns the `ETag` of a format: the same words in the same format with the same names and options, written by the same rules, have the
    /// same one.
    func text(
        of format: TranscriptFormat, speakers: SpeakerLabels?, cues: CueLimits = CueLimits(),
        timingWords timesWords: Bool = false
    ) -> String {
        let shown =
            switch speakers {
            case nil: ""
            case .some(.none): "-none"
            case .some(.labels): "-labels"
            case .some(.names(let names)): "-names\(Self.digest(names))"
            }
        let limits =
            cues == CueLimits() ? "" : "-\(cues.columnsPerLine)x\(cues.lines)x\(cues.longest / 1_000)"
        let timed = timesWords ? "-words" : ""
        return "\"\(words)-\(format.rawValue)\(TranscriptFormat.revision)\(shown)\(limits)\(timed)\""
    }

    /// Whether an `If-Match` header names these words, in whichever format.
    func isNamed(in header: String) -> Bool {
        header.split(separator: ",").contains { candidate in
            let tag = candidate.filter { $0 != " " }
            if tag == "*" { return true }
            return tag.hasPrefix("\"") && tag.dropFirst().prefix { $0 != "-" && $0 != "\"" } == words
        }
    }

    private static func digest(_ names: SpeakerNames) -> String {
        let lines = names.names.sorted { $0.key < $1.key }.map { "\($0.key)\u{0}\($0.value)\u{0}" }
        return digest(Array(lines.joined().utf8), bytes: 8)
    }

    private static func digest(_ bytes: [UInt8], bytes count: Int) -> String {
        SHA256.hash(bytes).prefix(count).hexadecimal
    }
}

extension TranscriptRenderer {
    /// Runs `work` on a renderer's thread. Throws `APIError` 503 if too much is waiting.
    func answering<Value: Sendable>(
        for account: TenantID, bytes: Int, _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        do {
            return try await run(for: account, bytes: bytes, work)
        } catch TranscriptRendererError.overloaded {
            throw APIError.transient(
                "Too many transcripts are being fetched at the moment. Please try again.", retryAfterSeconds: 2)
        }
    }
}
