/// How the speakers of one job are told apart.
enum DiarizationPlan: Sendable {
    /// Not at all: nobody asked, or no model is there.
    case none
    /// Each has a channel.
    case channels
    /// By a model of that name, which takes so many samples at a time.
    case model(String, section: Int64)

    /// As transcripts name it.
    var name: String {
        switch self {
        case .none: "none"
        case .channels: "channels"
        case .model(let name, _): name
        }
    }

    /// The model finds speech for itself, also such as is too faint or short for words: it is given everything.
    var hearsSilence: Bool {
        if case .model = self { true } else { false }
    }

    /// The sections to diarize: whole chunks in a row, about as long as the model takes at a time.
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
