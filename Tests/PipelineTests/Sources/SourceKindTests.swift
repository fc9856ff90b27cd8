import Pipeline
import Testing

@Suite struct SourceKindTests {
    private static func kind(_ type: String?, _ beginning: String) -> SourceKind {
        SourceKind(contentType: type, beginning: Array(beginning.utf8))
    }

    @Test(arguments: [
        "audio/mpeg", "video/mp4", "application/ogg", "application/octet-stream", "binary/octet-stream", "", nil,
    ])
    func `what does not say that it is something else goes to the media tool`(type: String?) {
        #expect(Self.kind(type, "\u{1}\u{2}\u{3}") == .media)
    }

    @Test(arguments: [
        [UInt8]("ID3\u{4}".utf8), Array("OggS".utf8), Array("fLaC".utf8), Array("RIFF0000WAVE".utf8),
        Array("RIFF0000AVI ".utf8),
        Array("0000ftypisom".utf8), [0x1A, 0x45, 0xDF, 0xA3], [0x30, 0x26, 0xB2, 0x75], [0xFF, 0xFB, 0x90],
        [0xFF, 0xF1, 0x50],
    ])
    func `a signature is believed whatever the answer says of itself`(beginning: [UInt8]) {
        for type in ["text/html", "text/plain; charset=utf-8", "application/json", nil] {
            #expect(SourceKind(contentType: type, beginning: beginning) == .media)
        }
    }

    @Test(arguments: [
        ("text/html; charset=utf-8", "<!doctype html><title>x"), ("TEXT/HTML", ""), (nil, "  <html>"),
        ("application/json", "{}"),
        ("application/octet-stream", "<!DOCTYPE html>"), ("image/png", "\u{89}PNG"),
        ("application/xhtml+xml", "<?xml version='1.0'?><html>"),
        ("application/vnd.apple.mpegurl", "#EXTM3U"), ("audio/x-mpegurl", "#EXTM3U"), ("text/plain", "#EXTM3U"),
        ("application/dash+xml", "<MPD>"), ("application/pdf", "%PDF"), ("text/html", "<html><body>&lt;rss <rss"),
    ])
    func `pages and playlists are no media`(type: String?, beginning: String) {
        #expect(Self.kind(type, beginning) == .page)
    }

    @Test(arguments: [
        ("application/rss+xml", ""), ("application/atom+xml; charset=utf-8", "x"),
        ("application/xml", "<?xml version=\"1.0\"?>\n<rss version=\"2.0\">"),
        ("text/xml", "<feed xmlns=\"http://www.w3.org/2005/Atom\">"),
        (nil, "\u{FEFF}<?xml version=\"1.0\"?><!-- x --><rss>"),
        ("text/html", "<?xml version=\"1.0\"?><rss>"), ("text/plain", "<rss>"),
    ])
    func `a feed is told by its type or its root`(type: String?, beginning: String) {
        #expect(Self.kind(type, beginning) == .feed)
    }
}
