/// How the speakers of one job are told apart.
enum DiarizationPlan: Sendable {
    /// Not at all: nobody asked, or no model is there.
    case none
    /// Each has a channel.
    case channels
    /// By a model of that name, which takes so many samples at a time.
    case model(String, stretch: Int64)

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

    /// The stretches to diarize: whole pieces in a row, about as long as the model takes at a time.
    func stretches(of pieces: [Piece]) -> [ClosedRange<Int>] {
        guard case .model(_, let length) = self else { return [] }
        var stretches: [ClosedRange<Int>] = []
        var first = 0
        for number in pieces.indices {
            let isLast = number + 1 == pieces.count
            // The stretch ends where the next piece would make it too long.
            if !isLast, pieces[number + 1].cut.samples.upperBound - pieces[first].cut.samples.lowerBound <= length {
                continue
            }
            stretches.append(first...number)
            first = number + 1
        }
        return stretches
    }
}
