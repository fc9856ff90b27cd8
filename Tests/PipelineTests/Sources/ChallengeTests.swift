import Foundation
import Glibc
import MediaSimulator
import Pipeline
import TestSupport
import Testing

/// Sites that want their JavaScript to be run before they tell where a recording is, as YouTube does.
@Suite struct ChallengeTests {
    private static let player = Checkout.root + "/Tests/PipelineTests/Sources/Plugins/simulated/player.js"
    private static let n = ["abcDEF123_-x", "Zz"]
    private static let signature = String(repeating: "AbCdEfGhIjKlMn=.-_", count: 6)

    /// What `player.js` makes of the parameter n.
    private static func freshened(_ text: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let letters = text.enumerated().map { index, letter in
            alphabet[((alphabet.firstIndex(of: letter) ?? -1) + [7, 3, 11][index % 3] + index) % 64]
        }
        return String(letters.reversed())
    }

    /// What it makes of a signature.
    private static func scrambled(_ text: String) -> String {
        var letters = Array(text.dropFirst(2))
        letters.swapAt(0, 7 % letters.count)
        letters.reverse()
        letters.swapAt(0, 11 % letters.count)
        return String(letters)
    }

    private struct Report: Decodable {
        let runtimes: [String]
        let answers: [String: [String: String]]

        /// Of the pieces that the extractor told the site.
        init(_ site: MediaSimulator) throws {
            let pieces = site.requests.map(\.target).filter { $0.contains("/report?") }.compactMap { target in
                target.split(separator: "?").last.map { $0.split(separator: ":", maxSplits: 1) }
            }
            let text = pieces.sorted { Int($0[0]) ?? 0 < Int($1[0]) ?? 0 }.map { String($0[1]) }.joined()
            let base64 = text.replacing("-", with: "+").replacing("_", with: "/").replacing("%3D", with: "=")
            let data = try #require(Data(base64Encoded: base64))
            self = try JSONDecoder().decode(Report.self, from: data)
        }
    }

    private static func run(
        player script: String? = nil, wants: String? = nil, installation: YtDlpInstallation = FetchScene.installation,
        _ body: (FetchScene) async throws -> Void
    ) async throws {
        let script = try script ?? String(contentsOfFile: player, encoding: .utf8)
        let riddles: [String: Any] = ["n": n, "sig": [signature]].merging(wants.map { ["wants": $0] } ?? [:]) { $1 }
        try await FetchScene.run(
            [
                "/challenge/v": .text("<!doctype html>"), "/player/v": .text(script, type: "text/javascript"),
                "/riddles/v": .init(
                    type: "application/json", body: Array(try JSONSerialization.data(withJSONObject: riddles))),
                "/media.mp3": .init(type: "audio/mpeg", body: FetchScene.anything), "/report": .text("thanks"),
            ], installation: installation, body)
    }

    @Test func `yt-dlp itself names the runtime from inside its cage, and the player's riddles are solved`()
        async throws
    {
        try await Self.run { scene async throws in
            #expect(try await scene.fetch("/challenge/v") == FetchScene.anything)
            let report = try Report(scene.site)
            let version = try #require(FetchScene.installation.runtimeVersion)
            #expect(
                report.runtimes.contains { $0.hasSuffix("JS runtimes: quickjs-ng-\(version)") }, "\(report.runtimes)")
            #expect(report.runtimes.contains { $0.contains("caged-\(version) (external)") }, "\(report.runtimes)")
            #expect(report.answers["n"] == Dictionary(uniqueKeysWithValues: Self.n.map { ($0, Self.freshened($0)) }))
            #expect(report.answers["sig"] == [Self.signature: Self.scrambled(Self.signature)])
            #expect(scene.log.text.contains(#""javascript": run"#), "\(scene.log.text)")
        }
    }

    @Test(arguments: [
        // Of another shape; endless memory; more than may be answered; a lie in the solver's own words.
        "alert(1)", "throw 1",
        "var x = {}; (function (g) { var w = this; g.y = (function () { const all = []; for (;;) all.push(new Array(100000)); })(); })(x);",
        "(function () { globalThis.console = {log() {}}; JSON.stringify = () => 'x'.repeat(2 ** 25); }).call(this)",
        "var x = 1; (function (g) { var w = this; JSON.stringify = function () { return '{\"type\":\"result\",\"responses\":[]}'; } })(x);",
    ])
    func `where they are not solved, the job says what the site wanted, and the log too`(script: String) async throws {
        try await Self.run(player: script, wants: "Requested format is not available") { scene async throws in
            await #expect(throws: JobFailure.sourceNeedsJavaScript) { _ = try await scene.fetch("/challenge/v") }
            #expect(scene.log.text.contains(#""javascript": unsolved"#), "\(scene.log.text)")
        }
    }

    @Test func `a page that wants no JavaScript starts nothing that runs it`() async throws {
        try await FetchScene.run(["/watch/v": .text("<!doctype html>")]) { scene async throws in
            scene.site["/about/v"] = .text(
                #"{"url":"\#(scene.site.url)/media.mp3","ext":"mp3"}"#, type: "application/json")
            scene.site["/media.mp3"] = .init(type: "audio/mpeg", body: FetchScene.anything)
            #expect(try await scene.fetch("/watch/v") == FetchScene.anything)
            #expect(scene.log.text.contains(#""javascript": none"#), "\(scene.log.text)")
        }
    }

    /// Processes that run that script.
    private static func processes(of script: String) throws -> [Int32] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { process in
            let words = (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
            return words.contains(script)
        }
    }

    @Test func `what runs it ends with the fetch, in the middle of a script without an end`() async throws {
        let home = try TemporaryFolder()
        defer { home.remove() }
        let installation = try CopiedInstallation.make(in: home) { packages in
            for name in try FileManager.default.contentsOfDirectory(atPath: CopiedInstallation.packages) {
                try FileManager.default.copyItem(
                    atPath: CopiedInstallation.packages + "/" + name, toPath: packages + "/" + name)
            }
        }
        // Only by running it, which solving does, it comes to no end.
        let endless = "var x = {}; (function (g) { var w = this; g.y = (function () { for (;;); })(); })(x);"
        try await Self.run(player: endless, installation: installation) { scene async throws in
            let fetching = Task { try await scene.fetch("/challenge/v") }
            try await eventually("it runs") { try Self.processes(of: installation.solver).count == 1 }
            #expect(try Self.processes(of: installation.child).count == 1)
            fetching.cancel()
            await #expect(throws: CancellationError.self) { _ = try await fetching.value }
            #expect(try Self.processes(of: installation.solver) == [])
            #expect(try Self.processes(of: installation.child) == [])
        }
    }

    @Test func `where nothing runs it, the job and the installation say so, and other pages go on`() async throws {
        let home = try TemporaryFolder()
        defer { home.remove() }
        let installation = try CopiedInstallation.make(in: home) { packages in
            try FileManager.default.copyItem(
                atPath: CopiedInstallation.packages + "/yt_dlp", toPath: packages + "/yt_dlp")
        }
        let health = await installation.health()
        #expect(health.works)
        #expect(health.javaScript == .missing)
        try await Self.run(wants: "Requested format is not available", installation: installation) {
            scene async throws in
            await #expect(throws: JobFailure.sourceNeedsJavaScript) { _ = try await scene.fetch("/challenge/v") }
            #expect(scene.log.text.contains(#""javascript": missing"#), "\(scene.log.text)")
            scene.site["/watch/v"] = .text("<!doctype html>")
            scene.site["/about/v"] = .text(
                #"{"url":"\#(scene.site.url)/media.mp3","ext":"mp3"}"#, type: "application/json")
            #expect(try await scene.fetch("/watch/v") == FetchScene.anything)
        }
    }

    @Test func `this machine's runs it, shut in and sealed`() async throws {
        let health = await FetchScene.installation.health()
        #expect(health.javaScript == .works(version: try #require(FetchScene.installation.runtimeVersion)))
    }
}
