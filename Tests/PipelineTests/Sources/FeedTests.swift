import Pipeline
import TestSupport
import Testing

@Suite struct FeedTests {
    private static func enclosure(_ text: String) -> String? { Feed.newestEnclosure(in: Array(text.utf8)) }

    private static func item(_ url: String, _ date: String?) -> String {
        let date = date.map { "<pubDate>\($0)</pubDate>" } ?? ""
        return
            "<item><title>T &amp; t</title>\(date)<enclosure url=\"\(url)\" length=\"1\" type=\"audio/mpeg\"/></item>"
    }

    private static func rss(_ items: String...) -> String {
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>C</title>\(items.joined())</channel></rss>"
    }

    @Test func `the newest episode is the one with the latest date, wherever it stands`() {
        let old = Self.item("http://a.example/old.mp3", "Mon, 02 Nov 2026 10:00:00 GMT")
        let new = Self.item("http://a.example/new.mp3", "Tue, 3 Nov 2026 09:00:00 +0100")
        #expect(Self.enclosure(Self.rss(old, new)) == "http://a.example/new.mp3")
        #expect(Self.enclosure(Self.rss(new, old)) == "http://a.example/new.mp3")
        // 23:30 in New York is later than 01:00 of the next day in UTC.
        let york = Self.item("http://a.example/york.mp3", "Mon, 02 Nov 2026 23:30 EST")
        let utc = Self.item("http://a.example/utc.mp3", "Tue, 03 Nov 2026 01:00:00 GMT")
        #expect(Self.enclosure(Self.rss(utc, york)) == "http://a.example/york.mp3")
    }

    @Test func `without dates it is the first; a date counts more than none`() {
        let (a, b) = (Self.item("http://a.example/a", nil), Self.item("http://a.example/b", "nonsense"))
        #expect(Self.enclosure(Self.rss(a, b)) == "http://a.example/a")
        let c = Self.item("http://a.example/c", "Mon, 02 Nov 2026 10:00:00 GMT")
        #expect(Self.enclosure(Self.rss(a, b, c)) == "http://a.example/c")
    }

    @Test func `an episode without media is none`() {
        let text = "<item><pubDate>Mon, 02 Nov 2037 10:00:00 GMT</pubDate><link>http://a.example/x</link></item>"
        #expect(Self.enclosure(Self.rss(text, Self.item("http://a.example/a", nil))) == "http://a.example/a")
        #expect(Self.enclosure(Self.rss(text)) == nil)
        #expect(Self.enclosure(Self.rss()) == nil)
        #expect(Self.enclosure("") == nil)
    }

    @Test func `Atom, CDATA, media content and escapes are understood`() {
        let atom = """
            <feed xmlns="http://www.w3.org/2005/Atom"><updated>2030-01-01T00:00:00Z</updated>
            <entry><updated>2026-11-01T00:00:00Z</updated><link rel="enclosure" href="http://a.example/1"/></entry>
            <entry><updated>2026-11-02T00:00:00+02:00</updated><link rel='alternate' href='http://a.example/page'/>
            <link rel = 'enclosure' href = 'http://a.example/2?a=1&amp;b=&#50;&#x33;'/></entry></feed>
            """
        #expect(Self.enclosure(atom) == "http://a.example/2?a=1&b=23")
        let media = """
            <rss><channel><item><description><![CDATA[<enclosure url="http://evil.example/"/> ]]></description>
            <!-- <enclosure url="http://evil.example/"/> --><?php <enclosure url="http://evil.example/"/> ?>
            <media:content type="image/png" url="http://a.example/png"/><media:content type="audio/mpeg" url="http://a.example/m"/>
            </item></channel></rss>
            """
        #expect(Self.enclosure(media) == "http://a.example/m")
    }

    @Test func `entities that a document defines are not, and nothing outside is fetched`() {
        let bomb = (1...30).map { "<!ENTITY l\($0) \"&l\($0 - 1);&l\($0 - 1);\">" }.joined()
        let text = """
            <?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol"><!ENTITY x SYSTEM "file:///etc/passwd">\(bomb)]>
            <rss><channel><item><enclosure url="http://a.example/&x;&l30;"/></item></channel></rss>
            """
        #expect(Self.enclosure(text) == "http://a.example/&x;&l30;")
    }

    @Test func `ten megabytes of anything take no long time and no deep stack`() {
        for text in [
            String(repeating: "<a>", count: 3_300_000), String(repeating: "<", count: 10_000_000),
            "<!DOCTYPE " + String(repeating: "[", count: 10_000_000),
            "<a " + String(repeating: "x='1' ", count: 1_600_000),
            "<rss><item><pubDate>" + String(repeating: "&", count: 10_000_000),
            "<![CDATA[" + String(repeating: "]", count: 10_000_000),
            "<!--" + String(repeating: "-", count: 10_000_000), String(repeating: "<!--->", count: 1_600_000),
        ] {
            // Of this thread alone, so that others who want its core do not count.
            let start = MachineClock.ofThread()
            #expect(Self.enclosure(text) == nil)
            #expect(MachineClock.ofThread() - start < 10)
        }
    }

    @Test func `whatever comes, it ends and does not crash`() {
        var generator = SeededGenerator(seed: 0x0F33D)
        let feed = Array(Self.rss(Self.item("http://a.example/a", "Mon, 02 Nov 2026 10:00:00 GMT")).utf8)
        for _ in 0..<3_000 {
            var bytes = feed
            for _ in 0..<4 {
                let place = Int(generator.next() % UInt64(bytes.count))
                switch generator.next() % 3 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: generator.next())
                case 1: bytes.remove(at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                }
            }
            _ = Feed.newestEnclosure(in: bytes)
            _ = Feed.newestEnclosure(in: generator.bytes(200, of: Array("<>&;/='\"![]-? aCDT".utf8)))
        }
    }
}
