/// What was heard in one piece, as it is kept until the assembly.
struct HeardRecognition: Codable, Sendable {
    let recognition: Recognition
    /// How loud each segment is, in dB below full scale; nil where there is no other channel to compare with.
    var levels: [Double]?

    init(recognition: Recognition) {
        self.recognition = recognition
    }
}
