import Foundation
import Glibc
import Pipeline
import TestSupport
import Testing

/// What runs sites' JavaScript, before scripts that want more than an answer.
@Suite struct SolverTests {
    private static func answer(_ script: String) async throws -> String? {
        let solver = try SolverProcess()
        defer { solver.hangUp() }
        return await solver.ask(script)
    }

    @Test func `it answers what a script printed last, each in a world of its own`() async throws {
        let solver = try SolverProcess()
        #expect(await solver.ask("globalThis.kept = 1; console.log('a'); console.log('é' + 6 * 7)") == "+é42")
        #expect(await solver.ask("console.log(typeof kept)") == "+undefined")
        #expect(await solver.ask("1") == "-it printed nothing")
        #expect(await solver.ask("console.log({})") == "-it printed nothing")
        #expect(await solver.ask("throw 'no'")?.hasPrefix("-no") == true)
        #expect(await solver.ask("console.log(")?.hasPrefix("-SyntaxError") == true)
        #expect(await solver.ask("console.log('still there')") == "+still there")
        solver.hangUp()
        #expect(await solver.ending() == 0)
    }

    @Test func `a script finds no module, file, program, address or clock to wait for`() async throws {
        let names = [
            "std", "os", "require", "process", "Deno", "fetch", "XMLHttpRequest", "WebSocket", "setTimeout", "Worker",
            "print", "load",
        ]
        let types = "[" + names.map { "typeof \($0)" }.joined(separator: ",") + "].join()"
        let expected = "+" + names.map { _ in "undefined" }.joined(separator: ",")
        #expect(try await Self.answer("console.log(\(types))") == expected)
        #expect(try await Self.answer("import('os'); console.log('asked')") == "+asked")
        let waits = try await Self.answer("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)")
        #expect(waits?.hasPrefix("-TypeError") == true)
    }

    @Test(arguments: [
        ("(function f() { return f() + 1 })()", "-RangeError: Maximum call stack"),
        ("const all = []; for (;;) all.push(new Array(100000).fill('x'))", "-InternalError: out of memory"),
        ("new ArrayBuffer(2 ** 33)", "-"), ("'x'.repeat(2 ** 29).repeat(2)", "-"),
        ("console.log('x'.repeat(2 ** 24))", "-it printed too much"),
        ("for (let i = 0; i < 100000; i++) console.log('flood')", "+flood"),
        ("throw 'x'.repeat(1e6)", "-xxx"),
        ("JSON.parse('['.repeat(1e6))", "-"), ("eval('('.repeat(1e6))", "-"),
    ])
    func `one that goes beyond its bounds is told so, and nothing of it is left for the next`(
        script: String, beginning: String
    ) async throws {
        let solver = try SolverProcess()
        defer { solver.hangUp() }
        let answer = try #require(await solver.ask(script))
        #expect(answer.hasPrefix(beginning), "\(answer.prefix(100))")
        #expect(answer.utf8.count <= 501)
        #expect(await solver.ask("console.log('next')") == "+next")
    }

    @Test(arguments: ["for (;;);", "/(a+)+b/.test('a'.repeat(60))", "while (true) { try { null.x } catch { } }"])
    func `one without an end ends by the limit of CPU time`(script: String) async throws {
        let solver = try SolverProcess(cpuSeconds: 1)
        #expect(await solver.ask(script) == nil)
        let ending = await solver.ending()
        #expect([-SIGXCPU, -SIGKILL].contains(ending))
    }

    @Test func `one that nobody asks any more, and one whose time is over, are gone`() async throws {
        let left = try SolverProcess()
        // Its first answer says that it is there; then it is busy.
        #expect(await left.ask("console.log('there')") == "+there")
        left.send("for (;;);")
        left.hangUp()
        let ending = await left.ending()
        #expect([-SIGIO, 0].contains(ending))
        let late = try SolverProcess(wallSeconds: 1)
        #expect(await late.ending() == -SIGALRM)
        late.hangUp()
    }

    @Test func `a script that is too long is not read`() async throws {
        let solver = try SolverProcess()
        defer { solver.hangUp() }
        solver.send("", claiming: 17 << 20)
        #expect(await solver.ending() == 64)
    }

    @Test func `native code in its process opens no file, makes no socket, process or code, and reaches nobody`()
        async throws
    {
        let home = try TemporaryFolder()
        defer { home.remove() }
        try Data("secret".utf8).write(to: URL(fileURLWithPath: home.path + "/secret"))
        let hostile = Checkout.root + "/Tests/PipelineTests/Sources/Plugins/hostile"
        let installation = try CopiedInstallation.make(in: home, driver: hostile + "/driver.py") { packages in
            try FileManager.default.copyItem(
                atPath: hostile + "/runtime/_quickjs.py", toPath: packages + "/_quickjs.py")
        }
        let solver = try SolverProcess(installation)
        defer { solver.hangUp() }
        #expect(await solver.ask(home.path + "/secret") == "+[]")
        #expect(FileManager.default.fileExists(atPath: home.path + "/secret"))
        #expect(!FileManager.default.fileExists(atPath: home.path + "/secret-made"))
    }
}
