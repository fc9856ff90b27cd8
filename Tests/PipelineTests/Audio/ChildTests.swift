import Glibc
import Pipeline
import Testing

/// What becomes of the child process, seen with children that misbehave.
@Suite struct ChildTests {
    private struct SinkFailed: Error {}

    /// Tells its number, gives four bytes, and then stays.
    private static let lingers = "echo $$ > \"$(dirname \"$0\")/pid\"\nprintf aaaa\nexec /bin/sleep 600"

    private func isGone(_ scene: MediaScene) throws -> Bool {
        let text = String(decoding: try scene.read("pid"), as: UTF8.self)
        let pid = try #require(pid_t(text.filter(\.isNumber)))
        return kill(pid, 0) == -1 && errno == ESRCH
    }

    @Test func `cancelling kills the child before the call returns`() async throws {
        let scene = try MediaScene()
        let tool = try scene.script(Self.lingers)
        let path = try scene.write([1], to: "input")
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        let task = Task {
            try await tool.decode(path: path, layout: .mono, maxSamples: 100) { _ in start.finish() }
        }
        for await _ in started {}
        task.cancel()
        await #expect(throws: CancellationError.self) { _ = try await task.value }
        #expect(try isGone(scene))
    }

    @Test func `a sink that throws kills the child, and its error comes out`() async throws {
        let scene = try MediaScene()
        let tool = try scene.script(Self.lingers)
        let path = try scene.write([1], to: "input")
        await #expect(throws: SinkFailed.self) {
            _ = try await tool.decode(path: path, layout: .mono, maxSamples: 100) { _ in throw SinkFailed() }
        }
        #expect(try isGone(scene))
    }

    @Test func `a child that is silent for too long is killed`() async throws {
        let timeout = MediaToolClient.Timeouts(probe: .milliseconds(20), decode: .milliseconds(20))
        let scene = try MediaScene()
        let tool = try scene.script("exec /bin/sleep 600", timeout: timeout)
        let path = try scene.write([1], to: "input")
        await #expect(throws: MediaError.timedOut) { _ = try await tool.probe(path: path) }
        await #expect(throws: MediaError.timedOut) {
            _ = try await tool.decode(path: path, layout: .mono, maxSamples: 100) { _ in }
        }
    }

    @Test(arguments: ["SEGV", "ABRT", "SYS", "XCPU"])
    func `a child that the file brought down makes the file undecodable`(signal: String) async throws {
        let scene = try MediaScene()
        let tool = try scene.script("kill -\(signal) $$")
        let path = try scene.write([1], to: "input")
        #expect(await MediaScene.reason { _ = try await tool.probe(path: path) } == .decodeFailed)
    }

    @Test(arguments: ["TERM", "INT", "HUP", "KILL"])
    func `a child that somebody stopped says nothing about the file`(signal: String) async throws {
        let scene = try MediaScene()
        let tool = try scene.script("kill -\(signal) $$")
        let path = try scene.write([1], to: "input")
        await #expect(throws: MediaError.interrupted) { _ = try await tool.probe(path: path) }
    }

    @Test func `a child is not in our process group, so a terminal's Ctrl-C does not reach it`() async throws {
        let scene = try MediaScene()
        let tool = try scene.script("PATH=/usr/bin:/bin; kill -INT 0; exit 70")
        let path = try scene.write([1], to: "input")
        // The script stops its own group: were that ours, this process would be gone.
        await #expect(throws: MediaError.interrupted) { _ = try await tool.probe(path: path) }
    }

    @Test(arguments: [
        "exit 70", "exit 3", "echo '{}'", "echo '{\"error\":\"made_up\",\"detail\":\"\"}' >&2; exit 3",
        "head -c 100000 /dev/zero", "head -c 100000 /dev/zero >&2",
    ])
    func `a child that breaks the contract is our fault, not the file's`(script: String) async throws {
        let scene = try MediaScene()
        let tool = try scene.script("PATH=/usr/bin:/bin; \(script)")
        let path = try scene.write([1], to: "input")
        let error = await #expect(throws: MediaError.self) { _ = try await tool.probe(path: path) }
        guard case .toolFailed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a tool that is not there is our fault`() async throws {
        let scene = try MediaScene()
        let tool = MediaScene.tool(at: scene.path("missing"))
        let path = try scene.write([1], to: "input")
        let error = await #expect(throws: MediaError.self) { _ = try await tool.probe(path: path) }
        guard case .toolFailed = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `the child sees nothing of our environment, and one input`() async throws {
        let scene = try MediaScene()
        let tool = try scene.script("cat > \"$(dirname \"$0\")/got\"; /usr/bin/env > \"$(dirname \"$0\")/environment\"")
        let path = try scene.write([1, 2, 3], to: "input")
        _ = try? await tool.probe(path: path)
        #expect(try scene.read("got") == [1, 2, 3])
        let names = String(decoding: try scene.read("environment"), as: UTF8.self).split(separator: "\n")
            .map { $0.prefix { $0 != "=" } }
        // The shell makes these itself.
        #expect(Set(names).subtracting(["PWD", "_", "SHLVL", "OLDPWD"]).isEmpty)
    }
}
