import Postgres

/// A podcast's list of episodes, RSS or Atom: as much of it as tells where the newest one's recording is.
package enum Feed {
    private struct Episode {
        var enclosure: String?
        var date: Timestamp?

        /// The latest of several counts.
        mutating func add(_ other: Timestamp) { date = max(date ?? other, other) }
    }

    /// Where the newest episode's media is: of those that have any, the one with the latest date, else the first.
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
