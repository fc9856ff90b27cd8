import Foundation
import TestSupport
import Testing

/// Makes recordings with the `ffmpeg` command.
enum Recordings {
    static let shortClips = ["0880", "0930"]
    static let allClips = ["0870", "0880", "0890", "0920", "0930"]

    static func clip(_ number: String) -> String {
        Checkout.fixture("librivox/sense_and_sensibility_01_austen_64kb-\(number).wav")
    }

    /// Joins the clips, each followed by 0.4 s of silence, encodes them with `arguments`, and returns the path of the file.
    ///
    /// - Parameter gain: a factor for all samples. With a gain of its own, no other test has had the same audio recognized, so the shared model
    ///   server does not remember it.
    static func speech(
        _ clips: [String] = shortClips, into folder: TemporaryFolder, named name: String, gain: Double = 1,
        _ arguments: [String] = []
    ) async throws -> String {
        let inputs = clips.flatMap { ["-i", clip($0)] }
        let padded = clips.indices.map { "[\($0):a]apad=pad_dur=0.4[p\($0)];" }.joined()
        let joined = clips.indices.map { "[p\($0)]" }.joined() + "concat=n=\(clips.count):v=0:a=1,volume=\(gain)[a]"
        return try await ffmpeg(
            inputs + ["-filter_complex", padded + joined, "-map", "[a]"] + arguments, into: folder, named: name)
    }

    /// Two seconds of speech.
    static func short(into folder: TemporaryFolder) async throws -> String {
        try await ffmpeg(["-i", clip("0880"), "-t", "2"], into: folder, named: "short.wav")
    }

    /// Runs ffmpeg with these arguments and returns the path of the file.
    static func ffmpeg(_ arguments: [String], into folder: TemporaryFolder, named name: String) async throws -> String {
        let path = folder.path + "/" + name
        let result = try await Command.run("ffmpeg", ["-nostdin", "-v", "error", "-y"] + arguments + [path])
        try #require(result.status == 0, "\(result.errors)")
        return path
    }

    /// The words that are said in `clips`.
    static func reference(_ clips: [String]) throws -> [String] {
        let lines = try String(contentsOfFile: Checkout.fixture("librivox/transcription"), encoding: .utf8).split(
            separator: "\n")
        return clips.flatMap { clip -> [String] in
            let line = lines.first { $0.contains("-\(clip))") } ?? ""
            return line.replacing("<s>", with: "").prefix { $0 != "<" }.split(separator: " ").map(String.init)
        }
    }
}
