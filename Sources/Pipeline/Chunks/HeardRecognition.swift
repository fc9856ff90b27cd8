/// What was heard in one piece, as it is kept until the assembly.
package struct HeardRecognition: Codable, Sendable {
    package let recognition: Recognition
    /// How loud each segment is, in dB below full scale; nil where there is no other channel to compare with.
    package var levels: [Double]?

    package init(recognition: Recognition) {
        self.recognition = recognition
    }

    private enum CodingKeys: String, CodingKey {
        case recognition, levels
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        guard values.contains(.recognition) else {
            // A piece that was recognised before the schema's version 4.
            recognition = try Recognition(from: decoder)
            return
        }
        recognition = try values.decode(Recognition.self, forKey: .recognition)
        levels = try values.decodeIfPresent([Double].self, forKey: .levels)
    }
}
