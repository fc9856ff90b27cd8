import Foundation
import TestSupport
import Testing

/// A node that may have few files open: it takes in fewer, says so, and never fails for lack of them.
@Suite struct OpenFileTests {
    /// Enough for an API on this machine with some hundred connections, and for no more.
    private static func limit(connections: Int) -> Int {
        // As the node counts it: see `OpenFilePlan`.
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let work = 96 + 12 * cores + 3 * max(8, cores * 2) + 64
        return work + connections * 5 / 3
    }

    @Test func `more idle connections than a node has descriptors keep neither uploads nor health checks out`()
        async throws
    {
        try await Deployment.with(ownModels: true) { deployment in
            let node = try await deployment.start("api", openFiles: Self.limit(connections: 120))
            let alice = try await deployment.customer(at: node)
            var idle: [RawSocket] = []
            for _ in 0..<600 {
                let socket = try RawSocket(to: node.url)
                try await socket.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                idle.append(socket)
            }
            for number in 0..<10 {
                #expect(try await alice.get("/healthz").status == 200)
                _ = try await alice.submit(file: Recordings.clip("0880"), named: "\(number).wav")
            }
            // Nothing was ever short: not even an attempt failed.
            let log = node.process.log.lines
            #expect(!log.contains { $0.contains("no descriptors") || $0.contains("\"level\":\"error\"") })
            withExtendedLifetime(idle) {}
        }
    }

    @Test func `whatever there is no descriptor for, a customer is told to try again, and the node goes on`()
        async throws
    {
        try await Deployment.with(ownModels: true) { deployment in
            let node = try await deployment.start("api")
            let alice = try await deployment.customer(at: node)
            let sound = Array(try Data(contentsOf: URL(fileURLWithPath: Recordings.clip("0880"))))
            // All that it opens once is open.
            _ = try await alice.submit(file: Recordings.clip("0880"))
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(node.process.pid)/fd").count
            var sockets: [RawSocket] = []
            for _ in 0..<70 {
                let socket = try RawSocket(to: node.url)
                try await socket.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await socket.answer().status == 200)
                sockets.append(socket)
            }
            var statuses: [Int] = []
            for (more, socket) in sockets.enumerated() {
                // From what it has open now to room for all that an upload takes. Not less: libdispatch ends a process that cannot open
                // a file at all while work is waiting (docs/decisions/0022-shares-of-a-node.md).
                try await Self.setLimit(open + 71 + more, of: node)
                try await alice.beginUpload(socket, declaring: sound.count, sending: sound)
                let answer = try await socket.answer()
                #expect([202, 503].contains(answer.status), "\(answer.text)")
                if answer.status == 503 { #expect(answer.text.lowercased().contains("retry-after:")) }
                statuses.append(answer.status)
            }
            #expect(statuses.first == 503 && statuses.last == 202)
            #expect(!node.process.log.lines.contains { $0.contains("Unexpected error") })
            // With descriptors again it is as before.
            try await Self.setLimit(20_000, of: node)
            _ = try await alice.submit(file: Recordings.clip("0880"))
        }
    }

    @Test func `a node that cannot take in another connection leaves its processor alone`() async throws {
        try await Deployment.with(ownModels: true) { deployment in
            let node = try await deployment.start("api")
            // All that it opens once is open.
            _ = try await deployment.customer(at: node).submit(file: Recordings.clip("0880"))
            let kept = try RawSocket(to: node.url)
            try await kept.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await kept.answer().status == 200)
            // As many as it has open now: whatever it closes and does not open again goes to one of those that wait.
            let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(node.process.pid)/fd").count
            try await Self.setLimit(open, of: node)
            // The kernel takes them; the node cannot.
            var waiting: [RawSocket] = []
            for _ in 0..<40 {
                let socket = try RawSocket(to: node.url)
                try await socket.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                waiting.append(socket)
            }
            _ = try await node.process.log.line(with: "no descriptors or memory left for another connection")
            let before = try Self.processorTime(of: node)
            _ = try await node.process.log.line(number: 5) { $0.contains("no descriptors or memory left") }
            // Four seconds at least: one that has no rest would have used most of them.
            #expect(try Self.processorTime(of: node) - before < 1.6)
            try await Self.setLimit(20_000, of: node)
            for socket in waiting { #expect(try await socket.answer().status == 200) }
            try await kept.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await kept.answer().status == 200)
        }
    }

    @Test func `a node whose limit is too low for its work does not start, and says which one it needs`() async throws {
        try await Deployment.with(ownModels: true) { deployment in
            let result = try await Command.run(
                "/usr/bin/prlimit", ["--nofile=128:128", Checkout.executable("verbatim"), "serve"],
                environment: deployment.environment)
            #expect(result.status == 1)
            #expect(result.errors.contains("this process may have 128 files open, and needs "))
            #expect(result.errors.contains("LimitNOFILE="))
        }
    }

    @Test func `a node raises the soft limit by itself`() async throws {
        try await Deployment.with(ownModels: true) { deployment in
            let process = try await RunningProcess(
                "/usr/bin/prlimit", ["--nofile=256:2000", Checkout.executable("verbatim"), "api"],
                environment: deployment.environment)
            _ = try await process.log.line(with: "\"message\":\"listening\"")
            let limits = try String(contentsOfFile: "/proc/\(process.pid)/limits", encoding: .utf8)
            let line = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") } ?? ""
            #expect(line.split(separator: " ").dropFirst(3).prefix(2) == ["2000", "2000"])
        }
    }

    private static func setLimit(_ count: Int, of node: Node) async throws {
        let result = try await Command.run(
            "/usr/bin/prlimit", ["--pid", "\(node.process.pid)", "--nofile=\(count):20000"])
        try #require(result.status == 0, "\(result.errors)")
    }

    /// In seconds.
    private static func processorTime(of node: Node) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(node.process.pid)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / 100
    }
}
