import Cryptography
import Foundation
import Pipeline
import Testing

/// Clients keep a transcript by its `ETag`, which names the format's revision. `Golden/revisions` holds, for the revision, the digest of
/// each file that it writes.
@Suite struct FormatRevisionTests {
    @Test func `what is written differently has another revision`() throws {
        var lines = ["revision \(TranscriptFormat.revision)"]
        for (name, transcript) in [
            ("arabic", Samples.arabic), ("interview", Samples.interview), ("scripts", Samples.scripts),
        ] {
            for format in TranscriptFormat.allCases {
                let digest = SHA256.hash(transcript.rendered(as: format, title: "Rivers.mp3"))
                lines.append("\(name).\(format.fileExtension) \(digest.map { String(format: "%02x", $0) }.joined())")
            }
        }
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/revisions")
        let kept = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        let written = lines.joined(separator: "\n") + "\n"
        #expect(
            kept == written,
            """
            The same transcript is written differently than before, so clients' copies are old: raise \
            TranscriptFormat.revision, and put this into Golden/revisions:
            \(written)
            """)
    }
}
