import Dispatch
import Egress
import EgressProbe
import Foundation
import TestSupport
import Testing

@Suite struct ClosingTests {
    @Test
    func `cancelling the task closes the connection`() async throws {
        let events = Mail<String>()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            events.send("arrived")
            connection.waitForEnd()
            events.send("closed")
        }
        try await withClient { client async throws in
            let task = Task { try await client.send(.get(server.url)) }
            #expect(try await events.next() == "arrived")
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await events.next() == "closed")
        }
    }

    @Test
    func `a task that is cancelled while it waits, or before it starts, never connects`() async throws {
        let arrived = Mail<Void>()
        let gate = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            arrived.send(())
            gate.wait()
            try connection.respond()
        }
        try await withClient(EgressConfiguration(maxConcurrent: 1)) { client async throws in
            async let first = client.send(.get(server.url))
            try await arrived.next()
            let tasks = (0..<20).map { _ in Task { try await client.send(.get(server.url)) } }
            for task in tasks { task.cancel() }
            for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
            gate.signal()
            #expect(try await first.status == 200)
        }
        #expect(server.accepts == 1)
    }

    @Test
    func `closing ends what is under way, what waits and what comes later, and the threads with it`() async throws {
        // In a process of its own, where no other test's client has threads.
        let (arrived, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let server = try ScriptedServer { connection in
            switch try connection.readRequest().target {
            case "/hold":
                arrived.signal()
                connection.waitForEnd()
                ended.signal()
            case "/held": try connection.respond(after: arrived)
            case "/released": try connection.respond(after: ended)
            default: break
            }
        }
        let report = try JSONDecoder().decode(CloseReport.self, from: Data(try await probe("close", server.url).utf8))
        #expect(report.threadsWhileBusy == 2)
        #expect(report.interrupted == Array(repeating: EgressError.closed.description, count: 6))
        #expect(report.late == EgressError.closed.description)
        #expect(report.threadsAfterClosing == 0)
        // Forgetting to close is no leak either.
        #expect(report.forgotten == EgressError.couldNotConnect.description)
        #expect(report.threadsAfterForgetting == 0)
        // Two that held and the probe's two questions: what waited, or came later, never connected.
        #expect(server.accepts == 4)
    }

    @Test func `a connection that breaks within the answer is a lost connection`() async throws {
        let server = try ScriptedServer { connection in
            switch try connection.readRequest().target {
            case "/head": try connection.send("HTTP/1.1 200 OK\r\nContent-")
            case "/body": try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
            case "/chunk": try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf")
            default: break
            }
        }
        try await withClient { client async throws in
            for path in ["/none", "/body", "/chunk"] {
                await #expect(throws: EgressError.connectionLost, "\(path)") {
                    try await client.send(.get(server.url + path))
                }
            }
        }
    }

    @Test func `what is not HTTP is no answer`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.send("SSH-2.0-OpenSSH_9.2\r\n")
        }
        try await withClient { client async throws in
            await #expect(throws: EgressError.badResponse) { try await client.send(.get(server.url)) }
        }
    }

    @Test func `arbitrary bytes for an answer end in an answer or an error, never in a crash or a hang`() async throws {
        let server = try ScriptedServer { connection in
            let target = try connection.readRequest().target
            var generator = SeededGenerator(seed: UInt64(target.dropFirst()) ?? 0)
            let words = [
                "HTTP/1.1 200 OK", "HTTP/1.1 ", "HTTP/", "\r\n", "\r\n\r\n", "\n", ":", "Content-Length: ", "-1", "7",
                "99999999999999999999", "Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n", "Location: ", " ",
                "Connection: close\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "Set-Cookie: a=b\r\n", "0\r\n",
            ]
            var answer = Array((Bool.random(using: &generator) ? "HTTP/1.1 200 OK\r\n" : "").utf8)
            for _ in 0..<Int.random(in: 0..<30, using: &generator) {
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    answer += generator.bytes(Int.random(in: 1..<20, using: &generator))
                } else {
                    answer += Array(words[Int.random(in: 0..<words.count, using: &generator)].utf8)
                }
            }
            try connection.send(answer)
        }
        try await withClient { client async throws in
            var (answers, errors) = (0, 0)
            for seed in 1...400 {
                do {
                    _ = try await client.send(.get(server.url + "/\(seed)", limits: .total(.seconds(5)), redirects: 2))
                    answers += 1
                } catch is EgressError {
                    errors += 1
                }
            }
            #expect(answers > 0)
            #expect(errors > 0)
        }
    }

    @Test func `a name that does not exist is not resolved, and a closed port not connected to`() async throws {
        try await withClient { client async throws in
            // Too long for DNS, so nothing is asked of anyone.
            let name = String(repeating: "x", count: 70)
            await #expect(throws: EgressError.couldNotResolve) { try await client.send(.get("http://\(name)/")) }
            await #expect(throws: EgressError.couldNotConnect) { try await client.send(.get("http://127.0.0.1:1/")) }
        }
    }
}

extension ServerConnection {
    /// Answers when each trust level's request has signaled; closes without an answer when that takes too long.
    fileprivate func respond(after event: DispatchSemaphore) throws {
        for _ in EgressTrust.allCases {
            guard event.wait(timeout: .now() + 30) == .success else { throw ScriptError.peerClosed }
        }
        try respond()
    }
}
