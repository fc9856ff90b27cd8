import Postgres

/// Finds the newest episode's recording in a podcast's feed, RSS or Atom.
package enum Feed {
    private struct Episode {
        var enclosure: String?
        var date: Timestamp?

        /// Adds a date. The latest of several counts.
        mutating func add(_ other: Timestamp) { date = max(date ?? other, other) }
    }

    /// Returns the media URL of the newest episode: of the episodes with media, the one with the latest date. Without dates, the first one.
    ///
    /// - Parameter bytes: the whole feed.
    package static func newestEnclosure(in bytes: [UInt8]) -> String? {
        var reader = XMLReader(bytes)
        var best: Episode?
        var episode: Episode?
        var dateText: String?
        while let event = reader.next() {
            switch event {
            case .start("item", _), .start("entry", _): episode = Episode()
            case .start(let name, let attributes) where episode != nil:
                if let url = enclosure(name, attributes), episode?.enclosure == nil { episode?.enclosure = url }
                dateText = dates.contains(name) ? "" : nil
            case .text(let text): dateText? += text
            case .end("item"), .end("entry"):
                if let found = episode, found.enclosure != nil, isNewer(found, than: best) { best = found }
                episode = nil
            case .end:
                if let text = dateText, let date = FeedDate.parse(text) { episode?.add(date) }
                dateText = nil
            default: break
            }
        }
        return best?.enclosure
    }

    private static let dates: Set<String> = ["pubDate", "published", "updated", "dc:date"]

    private static func enclosure(_ name: String, _ attributes: [String: String]) -> String? {
        switch name {
        case "enclosure": attributes["url"]
        case "link" where attributes["rel"] == "enclosure", "atom:link" where attributes["rel"] == "enclosure":
            attributes["href"]
        case "media:content" where attributes["type"].map({ $0.hasPrefix("audio/") || $0.hasPrefix("video/") }) == true:
            attributes["url"]
        default: nil
        }
    }

    private static func isNewer(_ episode: Episode, than other: Episode?) -> Bool {
        guard let other else { return true }
        guard let date = episode.date, let otherDate = other.date else { return episode.date != nil }
        return date > otherDate
    }
}

/// Parses the dates of feeds: RFC 3339 in Atom, RFC 822 in RSS (`Mon, 02 Nov 2026 15:04:05 +0100`).
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

    /// Returns an offset such as `+01:00`. An unknown time zone counts as UTC.
    private static func zone(_ text: String) -> String {
        if let sign = text.first, sign == "+" || sign == "-", text.count == 5, text.dropFirst().allSatisfy(\.isNumber) {
            return "\(text.prefix(3)):\(text.suffix(2))"
        }
        let hours = zones[text] ?? 0
        return "\(hours < 0 ? "-" : "+")\(padded(abs(hours))):00"
    }
}
