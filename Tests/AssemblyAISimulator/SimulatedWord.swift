/// A word that the simulator hears. Times in milliseconds from the start of the upload.
package struct SimulatedWord: Sendable, Equatable {
    package var text: String
    package var start: Int
    package var end: Int
    package var confidence: Double

    package init(_ text: String, start: Int, end: Int, confidence: Double = 0.9) {
        self.text = text
        self.start = start
        self.end = end
        self.confidence = confidence
    }

    /// Somebody counts from one to ten, again and again, a number every half second: number n lies from n × 500 + 50 to
    /// n × 500 + 450 milliseconds, counted from 0; those that would pass the recording's end are not said.
    package static func counting(in audio: UploadedAudio) -> [SimulatedWord] {
        let numbers = ["One", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten."]
        return stride(from: 0, through: audio.milliseconds - 450, by: 500).enumerated().map { index, time in
            SimulatedWord(numbers[index % numbers.count], start: time + 50, end: time + 450)
        }
    }
}
