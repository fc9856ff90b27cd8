import Pipeline
import TestSupport
import Testing

/// What of yt-dlp's messages may stand in a log.
@Suite struct YtDlpLogTextTests {
    @Test(
        arguments: [
            ("", nil, ""), ("ERROR: [Simulated] v: Something else", "Simulated", "*"),
            (
                "WARNING: [youtube] Falling back\nERROR: [youtube] dQw4w9WgXcQ: Unable to extract player URL; please report this issue on  https://example.org/issues , Meier",
                "youtube", "* unable to extract player url"
            ),
            (
                "ERROR: [BiliBili] 1kM: Unable to download JSON metadata: HTTP Error 412: Precondition Failed (caused by <HTTPError 412: Precondition Failed>)",
                "BiliBili",
                "* unable to download json metadata http error 412 * failed caused by httperror 412 * failed"
            ),
            ("ERROR: [a:b] x: \"Video not available\" is \"private", "a:b", "* is *"),
            ("ERROR: [a] x: 'Private video' isn't available, 'not", "a", "* isn't available *"),
            ("ERROR: [a] x: No video in https://a.example/private/video?token=key or 403", "a", "* no video in * or *"),
            ("ERROR: [Errno 28] No space left on device: '/tmp/Meier'", nil, "* no * on *"),
            (
                "usage: yt-dlp [OPTIONS] URL [URL...]\n\nyt-dlp: error: no such option: --meier", nil,
                "yt-dlp error no such option *"
            ),
            ("Traceback (most recent call last):\n  File \"x\", line 1\nKeyError: 'title of Meier'", nil, "keyerror *"),
        ] as [(String, String?, String)])
    func `its own words stay, and nothing else`(errors: String, extractor: String?, sentence: String) {
        let words = YtDlpLogText(errors)
        #expect(words.extractor == extractor)
        #expect(words.sentence == sentence)
    }

    @Test func `wherever a customer's text stands, nothing of it comes through`() {
        var generator = SeededGenerator(seed: 0xD1B)
        let theirs = [
            "Meier's", "Gehalt", "https://a.example/watch?token=5ec4e7", "a.example", "dQw4w9WgXcQ", "（会議）", "5ec4e7",
            "2031-04-01", "meier@a.example", "MEIER,", "https://a.example/private/video", "«Meier»", "\u{1B}[31mMeier",
        ]
        let own = [
            "Unable", "to", "extract", "video:", "\"", "'", "(", "[Simulated]", "ERROR: ", "HTTP Error 418", "\n", ";",
        ]
        let secrets = ["meier", "gehalt", "5ec4e7", "example", "dqw4", "会議", "2031", "31m", "/"]
        for _ in 0..<5_000 {
            var message = generator.next() % 2 == 0 ? "ERROR: " : ""
            for _ in 0..<(generator.next() % 40) {
                let words = generator.next() % 2 == 0 ? theirs : own
                message += words[Int(generator.next() % UInt64(words.count))] + (generator.next() % 4 == 0 ? "" : " ")
            }
            let words = YtDlpLogText(message)
            let text = (words.sentence + " " + (words.extractor ?? "")).lowercased()
            for secret in secrets { #expect(!text.contains(secret), "\(message)") }
            #expect(words.sentence.split(separator: " ").count <= 30)
            #expect(words.extractor == nil || words.extractor == "Simulated")
        }
    }
}
