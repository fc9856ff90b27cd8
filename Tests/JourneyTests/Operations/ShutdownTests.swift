import Foundation
import TestSupport
import Testing

/// What load balancers see of a node that is told to stop, and of connections that nobody uses.
@Suite struct ShutdownTests {
    @Test(arguments: ["api", "serve"])
    func `a node that is told to stop is not ready first, and serves on until its delay is over`(role: String)
        async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start(role, ["VERBATIM_SHUTDOWN_DELAY": "5m"])
            let customer = try await deployment.customer(at: node)
            try await eventually("the node is ready") { try await customer.get("/readyz").status == 200 }
            let kept = try RawSocket(to: node.url)
            try await kept.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await kept.answer().status == 200)

            node.process.signal(SIGTERM)
            try await eventually("the node says that it goes") { try await customer.get("/readyz").status == 503 }
            let answer = try await customer.get("/readyz")
            #expect((try answer.json["checks"] as? [String: String])?["node"] == "not ready")
            // Over new connections and old ones, with a body and without, everything else is as ever.
            #expect(try await customer.get("/healthz").status == 200)
            #expect(try await customer.get("/jobs").status == 200)
            _ = try await deployment.customer(at: node)
            let job = try await customer.submit(file: Recordings.clip("0880"))
            #expect(try await customer.get("/jobs/\(job)").status == 200)
            try await kept.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await kept.answer().status == 200)
            let fresh = try RawSocket(to: node.url)
            try await fresh.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await fresh.answer().status == 200)
        }
    }

    @Test func `after the delay the listener closes and the node ends well`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api", ["VERBATIM_SHUTDOWN_DELAY": "1s"])
            node.process.signal(SIGTERM)
            _ = try await node.process.log.line(with: "shutting down: not ready from now on")
            #expect(try await node.process.ended() == 0)
            #expect(throws: RawSocket.Failed.self) { _ = try RawSocket(to: node.url) }
        }
    }

    @Test func `without a delay a node stops at once, and a worker has nobody to tell`() async throws {
        try await Deployment.with { deployment in
            for (role, delay) in [("api", "0"), ("worker", "5m")] {
                let node = try await deployment.start(role, ["VERBATIM_SHUTDOWN_DELAY": delay])
                node.process.signal(SIGTERM)
                #expect(try await node.process.ended() == 0)
                #expect(!node.process.log.lines.contains { $0.contains("not ready from now on") })
            }
        }
    }

    @Test func `a connection that nobody uses is closed when its time is over, and not before`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api", ["VERBATIM_IDLE_TIMEOUT": "2s"])
            let socket = try RawSocket(to: node.url)
            try await socket.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            let answered = ContinuousClock.now
            #expect(try await socket.answer().status == 200)
            // The next thing that comes is the end of the connection.
            let end = await #expect(throws: RawSocket.Failed.self) { try await socket.answer() }
            #expect(end?.code == 0)
            #expect(ContinuousClock.now - answered > .milliseconds(1_900))
        }
    }

    @Test func `a time that is none keeps the node from starting, and is told by name`() async throws {
        let times = [
            ("VERBATIM_IDLE_TIMEOUT", "0"), ("VERBATIM_IDLE_TIMEOUT", "2h"), ("VERBATIM_SHUTDOWN_DELAY", "-1"),
            ("VERBATIM_SHUTDOWN_DELAY", "6m"), ("VERBATIM_SHUTDOWN_DELAY", "soon"),
            ("VERBATIM_SHUTDOWN_DELAY", "99999999999999999999h"), ("VERBATIM_IDLE_TIMEOUT", "9223372036854775807m"),
        ]
        try await Deployment.with { deployment in
            for (name, value) in times {
                let run = try await Command.run(
                    Checkout.executable("verbatim"), ["api"],
                    environment: deployment.environment.merging([name: value]) { $1 })
                #expect(run.status == 1, "\(name) \(value)")
                #expect(run.errors.contains("\(name) must be a time"), "\(name) \(value)")
                #expect(!run.errors.contains(value) || value.count < 3, "\(name) \(value)")
            }
        }
    }
}
