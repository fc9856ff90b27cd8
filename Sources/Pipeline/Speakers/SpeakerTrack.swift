/// One voice in one short window of a source, as the diarization model found it: when it speaks, and a vector that describes it.
///
/// Voices of different windows aren't compared yet. That happens once, with all tracks of the source.
struct SpeakerTrack: Codable, Sendable {
    /// Pairs of start and end, in seconds from the start of the section.
    let turns: [[Double]]
    /// The voice's vector in Base64; nil if there was too little of the voice.
    let embedding: String?
    /// Seconds of clean speech that the vector is made of.
    let seconds: Double
    /// Tracks with the same number are from the same window, so they are different people.
    let group: Int
}

/// The tracks of one section.
struct SpeakerTracks: Codable, Sendable {
    /// The model's name in transcripts.
    let model: String
    let tracks: [SpeakerTrack]
}
