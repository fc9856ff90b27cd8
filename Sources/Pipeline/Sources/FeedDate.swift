import Postgres

/// Dates as feeds write them: RFC 3339 in Atom, RFC 822 in RSS (`Mon, 02 Nov 2026 15:04:05 +0100`).
enum FeedDate {
    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    /// Hours east of UTC.
    private static let zones = [
        "gmt": 0, "utc": 0, "ut": 0, "z": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
        "pst": -8, "pdt": -7,
    ]

    static func parse(_ text: String) -> Timestamp? {
        var words = text.split(whereSeparator: { $0.isWhitespace || $0 == "," }).map { $0.lowercased() }
        if words.count == 1 { return Timestamp(rfc3339: words[0].uppercased()) }
        if let first = words.first, first.first?.isLetter == true { words.removeFirst() }
        guard words.count >= 4, let day = Int(words[0]), let month = months.firstIndex(of: String(words[1].prefix(3))),
            let year = Int(words[2]), (0...9999).contains(year)
        else { return nil }
        let clock = words[3].split(separator: ":").compactMap { Int($0) }
        guard (2...3).contains(clock.count) else { return nil }
        let parts = [month + 1, day, clock[0], clock[1], clock.count == 3 ? clock[2] : 0].map(padded)
        let (offset, fullYear) = (zone(words.count > 4 ? words[4] : "gmt"), year < 100 ? year + 2000 : year)
        let yearText = String(repeating: "0", count: 4 - String(fullYear).count) + String(fullYear)
        return Timestamp(rfc3339: "\(yearText)-\(parts[0])-\(parts[1])T\(parts[2]):\(parts[3]):\(parts[4])\(offset)")
    }

    private static func padded(_ number: Int) -> String { (0...9).contains(number) ? "0\(number)" : "\(number)" }

    /// `+01:00`; what is unknown counts as UTC.
    private static func zone(_ text: String) -> String {
        if let sign = text.first, sign == "+" || sign == "-", text.count == 5, text.dropFirst().allSatisfy(\.isNumber) {
            return "\(text.prefix(3)):\(text.suffix(2))"
        }
        let hours = zones[text] ?? 0
        return "\(hours < 0 ? "-" : "+")\(padded(abs(hours))):00"
    }
}
