import Glibc
import Pipeline
import Testing

/// Files that are no audio, or pretend to be, each with its exact reason.
@Suite struct HostileFileTests {
    @Test func `a file without a byte is empty audio`() async throws {
        let scene = try MediaScene()
        let file = try scene.write([], to: "nothing.mp3")
        #expect(await scene.refusal(of: file) == .emptyAudio)
        #expect(await MediaScene.reason { _ = try await scene.decode(file) } == .emptyAudio)
    }

    @Test(arguments: [0, 4])
    func `digital silence and dither are told from sound`(amplitude: Int16) async throws {
        let scene = try MediaScene()
        let samples = (0..<32_000).map { Int16($0 % 3 - 1) * amplitude }
        let file = try scene.write(Signal.wav(samples), to: "still.wav")
        let flac = try await scene.ffmpeg("-i", "still.wav", "still.flac")
        for path in [file, flac] {
            #expect(try await scene.tool.probe(path: path).isSilent)
            #expect(try await scene.decode(path).audio.isSilent)
        }
        let whisper = try scene.write(Signal.wav(samples + [400, -400] + samples), to: "click.wav")
        #expect(try await !scene.tool.probe(path: whisper).isSilent)
    }

    @Test(arguments: [
        ("text", Array(String(repeating: "It was a dark and stormy night. ", count: 2000).utf8)),
        ("pdf", Array("%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\n".utf8)),
        ("html", Array("<!DOCTYPE html><html><body><audio src=x.mp3></audio></body></html>".utf8)),
        ("zeros", [UInt8](repeating: 0, count: 50_000)),
        ("elf", [0x7F] + Array("ELF".utf8) + [UInt8](repeating: 1, count: 500)),
        ("one byte", [0xFF]),
    ])
    func `what is no media is an unsupported format`(name: String, bytes: [UInt8]) async throws {
        let scene = try MediaScene()
        #expect(await scene.refusal(of: try scene.write(bytes, to: "song.mp3")) == .unsupportedFormat)
    }

    @Test func `pictures, silent films and foreign audio are an unsupported format`() async throws {
        let scene = try MediaScene()
        let picture = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=5:d=1"]
        for name in ["image.png", "image.jpg"] {
            let file = try await scene.ffmpeg(picture[0], picture[1], picture[2], picture[3], "-frames:v", "1", name)
            #expect(await scene.refusal(of: file) == .unsupportedFormat, "\(name)")
        }
        let film = try await scene.ffmpeg(picture[0], picture[1], picture[2], picture[3], "-c:v", "mpeg4", "film.mp4")
        #expect(await scene.refusal(of: film) == .unsupportedFormat)
        try scene.write(Signal.wav(Signal.sweep(seconds: 1)), to: "source.wav")
        for name in ["a.aiff", "a.au", "a.caf"] {
            let file = try await scene.ffmpeg("-i", "source.wav", name)
            #expect(await scene.refusal(of: file) == .unsupportedFormat, "\(name)")
        }
    }

    @Test func `an archive that holds a song is not a song`() async throws {
        let scene = try MediaScene()
        try scene.write(Signal.wav(Signal.sweep(seconds: 2)), to: "source.wav")
        try await scene.ffmpeg("-i", "source.wav", "song.mp3")
        let entry = Array("PK\u{3}\u{4}".utf8) + [UInt8](repeating: 0, count: 26) + (try scene.read("song.mp3"))
        #expect(await scene.refusal(of: try scene.write(entry, to: "album.mp3")) == .unsupportedFormat)
    }

    @Test func `a playlist opens nothing, whatever its name`() async throws {
        let scene = try MediaScene()
        let canary = try scene.write(Signal.wav(Signal.sweep(seconds: 2)), to: "canary.wav")
        let watch = inotify_init1(Int32(IN_NONBLOCK))
        defer { close(watch) }
        try #require(inotify_add_watch(watch, canary, UInt32(IN_OPEN)) >= 0)
        let playlists = [
            "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://\(canary)\n#EXT-X-ENDLIST\n",
            "relative": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\ncanary.wav\n#EXT-X-ENDLIST\n",
            "concat": "ffconcat version 1.0\nfile '\(canary)'\n",
            "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
            "dash": "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
                + "mediaPresentationDuration=\"PT2S\" profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\">"
                + "<Period><AdaptationSet><Representation id=\"1\" bandwidth=\"1\"><BaseURL>file://\(canary)"
                + "</BaseURL></Representation></AdaptationSet></Period></MPD>",
        ]
        for (kind, text) in playlists {
            for name in ["evil.mp3", "evil.m3u8"] {
                let file = try scene.write(text.utf8, to: name)
                #expect(await scene.refusal(of: file) == .unsupportedFormat, "\(kind)")
                let decoded = await MediaScene.reason { _ = try await scene.decode(file) }
                #expect(decoded == .unsupportedFormat, "\(kind)")
            }
        }
        var events = [UInt8](repeating: 0, count: 4096)
        #expect(Glibc.read(watch, &events, events.count) == -1 && errno == EAGAIN, "the canary was opened")
    }

    @Test func `an input that is no regular file is our own fault, and does not block`() async throws {
        let scene = try MediaScene()
        try #require(mkfifo(scene.path("pipe"), 0o600) == 0)
        for path in [scene.path("pipe"), scene.path("missing"), scene.folder, "/dev/zero"] {
            await #expect(throws: MediaError.toolFailed("the input cannot be opened")) {
                _ = try await scene.tool.probe(path: path)
            }
        }
    }
}
