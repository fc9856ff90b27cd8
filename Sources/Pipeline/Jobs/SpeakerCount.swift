/// How many speakers a customer expects: a hint for the model, which can find others.
package struct SpeakerCount: Sendable, Equatable {
    package static let range = 1...32

    package var expected: Int?
    package var least: Int?
    package var most: Int?

    package init(expected: Int? = nil, least: Int? = nil, most: Int? = nil) {
        self.expected = expected
        self.least = least
        self.most = most
    }

    /// The numbers that are given, by their names in the API.
    var fields: [(name: String, number: Int)] {
        [("speakers_expected", expected), ("speakers_min", least), ("speakers_max", most)].compactMap { name, number in
            number.map { (name, $0) }
        }
    }
}
