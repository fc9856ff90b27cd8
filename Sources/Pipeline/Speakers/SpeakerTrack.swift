/// One voice of one short window of a source, as the diarization model hears it: when it speaks, and what it sounds like.
///
/// Voices of different windows are not yet compared: that is done once, with all tracks of the source.
struct SpeakerTrack: Codable, Sendable {
    /// Seconds from the start of its section: start and end.
    let turns: [[Double]]
    /// Base64 of the voice's vector; nil where too little was heard of it.
    let embedding: String?
    /// How much clean speech the vector is made of.
    let seconds: Double
    /// Tracks of one group speak in the same window: they are different people.
    let group: Int
}

/// The voices of one section.
struct SpeakerTracks: Codable, Sendable {
    /// As transcripts name it.
    let model: String
    let tracks: [SpeakerTrack]
}
