import Pipeline

/// A podcast's feed, as another server sends it: `Feed` and the XML reader under it.
///
/// Reading takes time in proportion to the feed's length. What is found is an attribute of the feed, no longer than an attribute may be.
struct FeedTarget: FuzzTarget {
    let longest = 32_768
    let seeds = [
        #"<?xml version="1.0"?><rss><channel><item><pubDate>Mon, 02 Nov 2026 15:04:05 +0100</pubDate><enclosure url="https://a.example/1.mp3?x=1&amp;y=2" type="audio/mpeg"/></item><item><enclosure url='b'/><dc:date>2026-11-23T09:30:00Z</dc:date></item></channel></rss>"#,
        #"<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c SYSTEM "file:///etc/passwd">]><feed><entry><updated>2026-11-23T09:30:00Z</updated><link rel="enclosure" href="x&#x41;&#66;&a;&c;"/><!-- <item> --></entry></feed>"#,
        #"<rss><item><media:content type="video/mp4" url="m"/><title><![CDATA[</item>]]></title><pubDate>1 Jan 99 0:0 EST</pubDate></item></rss>"#,
    ].map { Array($0.utf8) }
    let dictionary = [
        "<", ">", "/", "/>", "</", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!DOCTYPE", "[", "]", "\"", "'", "=",
        "<item>", "</item>", "<entry>", "</entry>", "<enclosure url=\"a\"/>", "<pubDate>", "</pubDate>", "<updated>",
        " url=\"x\"", "rel=\"enclosure\"", "href=", "&amp;", "&#0;", "&#xD800;", "&#1114112;", "&#x110000;", "&", ";",
        "&lt",
        "Mon, ", "31 Dec 9999 23:59:60 ", "-0000", "+9999", "GMT", "PST", "\u{0}", "é", "a:b", " ", "\n",
    ]

    func check(_ input: [UInt8]) async throws -> String {
        guard let url = Feed.newestEnclosure(in: input) else { return "none" }
        try require(url.utf8.count <= 3 * 2_048, "an address has \(url.utf8.count) bytes")
        // Without entities it stands in the feed as it is.
        let isValid = String(validating: input, as: UTF8.self) != nil
        if isValid, !input.contains(UInt8(ascii: "&")) {
            try require(
                url.isEmpty || input.firstRange(of: Array(url.utf8)) != nil,
                "the feed does not hold \(url.debugDescription)")
        }
        return "found \(min(url.utf8.count, 20))"
    }
}
