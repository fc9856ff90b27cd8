extension Int {
    /// Reads a whole number as JSON and clients in many languages write it: `28`, and also `28.0` or `2.8e1`, which are the same to JSON
    /// Schema. Nil for any other text, and for a number beyond what a double holds exactly.
    package init?(wholeNumber text: some StringProtocol) {
        if let number = Int(text) {
            self = number
            return
        }
        // Swift reads `0x1C` and `inf` as well.
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let number = Double(String(text)),
            number.rounded() == number, number.magnitude < 9_007_199_254_740_992
        else { return nil }
        self = Int(number)
    }
}
