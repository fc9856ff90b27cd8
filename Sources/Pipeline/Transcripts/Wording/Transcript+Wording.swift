// What customers ask for that changes the words after recognition, the same for every engine.

extension Transcript {
    /// Returns the transcript with the customer's replacements made, and then masked, so that nothing that a replacement writes escapes.
    package func worded(by options: WordOptions) -> Transcript {
        var result = replacing(options.replacements)
        guard !options.redact.isEmpty else { return result }
        result.redact = options.redact
        result = result.masked()
        // All of it was the end of something that began in another segment.
        result.segments.removeAll { $0.text.isEmpty && $0.words.isEmpty }
        return result
    }
}
