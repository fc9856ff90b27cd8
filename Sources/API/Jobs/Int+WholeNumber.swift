extension Int {
    /// A whole number as JSON and clients of many languages write it: `28`, and `28.0` or `2.8e1` too, which JSON Schema takes for
    /// the same. Nil for any other text, and beyond what a double tells exactly.
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
