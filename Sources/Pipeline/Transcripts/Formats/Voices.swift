/// The speakers of a subtitle file, for formats that declare them before their cues.
struct Voices {
    /// In the order in which they are first shown, each on one line and not empty.
    let names: [String]
    /// By the speakers as the cues name them.
    private let indices: [String: Int]

    init(of cues: [Cue]) {
        var names: [String] = []
        var indices: [String: Int] = [:]
        for speaker in cues.lazy.compactMap(\.speaker) where indices[speaker] == nil {
            let name = speaker.onOneLine
            if name.isEmpty { continue }
            indices[speaker] = names.count
            names.append(name)
        }
        self.names = names
        self.indices = indices
    }

    /// Returns the place of a cue's speaker in ``names``; nil if it has none.
    func index(of speaker: String?) -> Int? { speaker.flatMap { indices[$0] } }
}
