import Dispatch
import Egress
import Glibc
import Testing

@Suite struct LimitTests {
    @Test func `an answer of exactly the limit passes, one byte more does not, announced or not`() async throws {
        let server = try ScriptedServer { connection in
            while true {
                let target = try connection.readRequest().target
                let body = String(repeating: "x", count: target.hasSuffix("more") ? 1001 : 1000)
                if target.hasPrefix("/announced") {
                    try connection.respond(body: body)
                } else {
                    try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    let length = String(body.utf8.count, radix: 16)
                    try connection.send("\(length)\r\n\(body)\r\n0\r\n\r\n")
                }
            }
        }
        var limits = EgressLimits.generous
        limits.responseBytes = 1000
        try await withClient { [limits] client async throws in
            for way in ["/announced", "/chunked"] {
                #expect(try await client.send(.get(server.url + way, limits: limits)).body.count == 1000)
                await #expect(throws: EgressError.responseTooLarge(limit: 1000)) {
                    try await client.send(.get(server.url + way + "/more", limits: limits))
                }
            }
        }
    }

    @Test func `a header without end is cut off`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n")
            let field = "X-Filler: " + String(repeating: "x", count: 1000) + "\r\n"
            while true { try connection.send(field) }
        }
        try await withClient { client async throws in
            await #expect(throws: EgressError.badResponse) { try await client.send(.get(server.url)) }
        }
    }

    @Test func `a server that never answers is left when the time is over, however it drips`() async throws {
        let ended = Mail<Void>()
        let server = try ScriptedServer { connection in
            let request = try connection.readRequest()
            if request.target == "/drip" { try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx") }
            connection.waitForEnd()
            ended.send(())
        }
        try await withClient { client async throws in
            for path in ["/silent", "/drip"] {
                await #expect(throws: EgressError.timedOut) {
                    try await client.send(.get(server.url + path, limits: .total(.milliseconds(200))))
                }
                try await ended.next()
            }
            for nothing in [Duration.zero, .seconds(-1)] {
                await #expect(throws: EgressError.timedOut) {
                    try await client.send(.get(server.url, limits: .total(nothing)))
                }
            }
        }
        #expect(server.accepts == 2)
    }

    @Test func `a server that takes no connection is left after the time for connecting`() async throws {
        // A listener whose queue is full answers no further handshake.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        var fillers: [Int32] = []
        defer { for descriptor in fillers + [listener] { close(descriptor) } }
        withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size)
                listen(listener, 0)
                getsockname(listener, pointer, &size)
                for _ in 0..<4 {
                    fillers.append(socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0))
                    connect(fillers[fillers.count - 1], pointer, size)
                }
            }
        }
        var limits = EgressLimits.generous
        limits.connect = .milliseconds(200)
        let url = "http://127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
        try await withClient { [limits] client async throws in
            await #expect(throws: EgressError.couldNotConnect) { try await client.send(.get(url, limits: limits)) }
        }
    }

    @Test func `a stalled answer and a stalled upload are too slow, long before their total time`() async throws {
        let server = try ScriptedServer { connection in
            let request = try connection.readHead()
            if request.method == "GET" {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                try connection.send(String(repeating: "x", count: 999))
            }
            // Without reading: an upload comes to rest when the sockets' buffers are full.
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + 5)
        }
        var limits = EgressLimits.generous
        limits.minimumRate = EgressRate(bytesPerSecond: 10_000, over: .milliseconds(100))
        try await withClient { [limits] client async throws in
            await #expect(throws: EgressError.tooSlow) { try await client.send(.get(server.url, limits: limits)) }
            let upload = EgressRequest(
                method: "POST", url: server.url, body: .bytes([UInt8](repeating: 0, count: 64 << 20)), limits: limits,
                trust: .operatorConfigured)
            await #expect(throws: EgressError.tooSlow) { try await client.send(upload) }
        }
    }

    @Test func `a transfer that keeps the rate is let be`() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6000000\r\n\r\n")
            for _ in 0..<60 { try connection.send([UInt8](repeating: 1, count: 100_000)) }
        }
        var limits = EgressLimits.generous
        limits.responseBytes = 10_000_000
        limits.minimumRate = EgressRate(bytesPerSecond: 1, over: .milliseconds(500))
        let response = try await withClient { [limits] in try await $0.send(.get(server.url, limits: limits)) }
        #expect(response.body.count == 6_000_000)
    }

    @Test func `no more run at once than may, some wait in turn, and beyond that they are refused`() async throws {
        let arrived = Mail<String>()
        let gate = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                arrived.send(request.target)
                gate.wait()
                try connection.respond(body: request.target)
            }
        }
        try await withClient(EgressConfiguration(maxConcurrent: 1, maxWaiting: 1)) { client async throws in
            async let first = client.send(.get(server.url + "/1"))
            #expect(try await arrived.next() == "/1")
            // Of two more, one waits and one is refused, whichever comes first.
            let outcomes = try await withThrowingTaskGroup(of: Result<Int, EgressError>.self) { group in
                for path in ["/2", "/3"] {
                    group.addTask {
                        do {
                            return .success(try await client.send(.get(server.url + path)).status)
                        } catch let error as EgressError {
                            return .failure(error)
                        }
                    }
                }
                let refused = try #require(try await group.next())
                // The one that waits has not reached the server while the first is under way.
                #expect(server.accepts == 1)
                gate.signal()
                gate.signal()
                return [refused, try #require(try await group.next())]
            }
            #expect(outcomes == [.failure(.overloaded), .success(200)])
            #expect(try await first.status == 200)
            // And there is room again.
            gate.signal()
            #expect(try await client.send(.get(server.url + "/4")).status == 200)
        }
        #expect(server.accepts == 1)
    }

    @Test func `what waits in no line begins at once, and takes nobody's place`() async throws {
        let arrived = Mail<String>()
        let gate = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                arrived.send(request.target)
                if request.target.hasPrefix("/slow") { gate.wait() }
                try connection.respond(body: request.target)
            }
        }
        // One place and nobody may wait: the thread is full.
        try await withClient(EgressConfiguration(maxConcurrent: 1, maxWaiting: 0)) { client async throws in
            async let slow = client.send(.get(server.url + "/slow/1"))
            #expect(try await arrived.next() == "/slow/1")
            var look = EgressRequest.get(server.url + "/health")
            look.waitsInLine = false
            for _ in 0..<3 { #expect(try await client.send(look).status == 200) }
            for _ in 0..<3 { #expect(try await arrived.next() == "/health") }
            await #expect(throws: EgressError.overloaded) { try await client.send(.get(server.url + "/more")) }
            gate.signal()
            #expect(try await slow.status == 200)
            #expect(try await client.send(.get(server.url + "/more")).status == 200)
        }
    }

    @Test func `customers' URLs have as many places as are said for them`() async throws {
        let arrived = Mail<String>()
        let gate = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { connection in
            arrived.send(try connection.readRequest().target)
            gate.wait()
            try connection.respond()
        }
        var configuration = EgressConfiguration(
            maxConcurrent: 1, maxWaiting: 0, addressPolicy: try AddressPolicy(allowing: "127.0.0.0/8"))
        configuration.maxConcurrentForCustomers = 2
        try await withClient(configuration) { client async throws in
            let url = server.url
            try await withThrowingTaskGroup(of: Int.self) { group in
                for path in ["/1", "/2"] {
                    group.addTask { try await client.send(.get(url + path, trust: .customerSupplied)).status }
                    _ = try await arrived.next()
                }
                await #expect(throws: EgressError.overloaded) {
                    try await client.send(.get(url + "/3", trust: .customerSupplied))
                }
                for _ in 0..<2 { gate.signal() }
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    @Test func `waiting for a turn counts as time`() async throws {
        let arrived = Mail<Void>()
        let gate = DispatchSemaphore(value: 0)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            arrived.send(())
            gate.wait()
            try connection.respond()
        }
        try await withClient(EgressConfiguration(maxConcurrent: 1, maxWaiting: 5)) { client async throws in
            async let first = client.send(.get(server.url))
            try await arrived.next()
            await #expect(throws: EgressError.timedOut) {
                try await client.send(.get(server.url, limits: .total(.milliseconds(100))))
            }
            gate.signal()
            #expect(try await first.status == 200)
        }
        #expect(server.accepts == 1)
    }
}
