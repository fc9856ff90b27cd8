/// How the speakers of one job are distinguished.
enum DiarizationPlan: Sendable {
    /// Not at all: it wasn't requested, or there is no model.
    case none
    /// Each speaker has a channel.
    case channels
    /// By a model with this name, which diarizes sections of this many samples.
    case model(String, section: Int64)

    /// The name in transcripts.
    var name: String {
        switch self {
        case .none: "none"
        case .channels: "channels"
        case .model(let name, _): name
        }
    }

    /// Whether diarization needs chunks without detected speech, too. The model detects speech itself, even if it is too faint or short for
    /// words.
    var hearsSilence: Bool {
        if case .model = self { true } else { false }
    }

    /// Returns the sections to diarize: ranges of whole chunks, about as long as the model diarizes as one.
    func sections(of chunks: [Chunk]) -> [ClosedRange<Int>] {
        guard case .model(_, let length) = self else { return [] }
        var sections: [ClosedRange<Int>] = []
        var first = 0
        for number in chunks.indices {
            let isLast = number + 1 == chunks.count
            // The section ends where the next chunk would make it too long.
            if !isLast, chunks[number + 1].cut.samples.upperBound - chunks[first].cut.samples.lowerBound <= length {
                continue
            }
            sections.append(first...number)
            first = number + 1
        }
        return sections
    }
}
