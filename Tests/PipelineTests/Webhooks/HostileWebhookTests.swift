import Addresses
import Egress
import Logging
import MediaSimulator
import Pipeline
import Synchronization
import TestSupport
import Testing
import WebhookReceiver

/// Addresses for webhooks that lead where they must not, when they are given and when something is told there: a canary listens, and hears
/// nothing.
@Suite struct HostileWebhookTests {
    /// As an address is judged when it is given.
    private static func check(_ url: String, _ resolver: NameResolver? = nil) async throws {
        let egress = EgressClient(
            configuration: EgressConfiguration(resolver: resolver), logger: Logger(label: "test"))
        do {
            try await WebhookAddress(egress: egress).check(url)
            await egress.close()
        } catch {
            await egress.close()
            throw error
        }
    }

    @Test func `not one of them is taken`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        for url in HostileURLs.all(port: canary.port) {
            await #expect(throws: WebhookAddressError.self, "\(url)") { try await Self.check(url) }
        }
        for host in HostileURLs.ownHosts + HostileURLs.privateHosts {
            await #expect(throws: WebhookAddressError.notPublic, "\(host)") {
                try await Self.check("https://\(host):\(canary.port)/hook")
            }
        }
        #expect(canary.accepts == 0)
    }

    @Test func `not one of them gets a connection when something is told there, as if it had once been public`()
        async throws
    {
        let canary = try LoopbackListener(address: nil) { _ in }
        try await DeliveryScene.run(allowing: "") { scene async throws in
            var jobs: [(url: String, job: JobID)] = []
            for url in HostileURLs.all(port: canary.port) {
                jobs.append((url, try await scene.end(telling: url)))
            }
            while try await scene.deliver() > 0 {}
            for (url, job) in jobs {
                let attempts = try await scene.attempts(job)
                // A dot at the end makes some of them a name, which not every resolver knows.
                let errors: [DeliveryError?] =
                    url.contains(".:") ? [.addressRefused, .nameNotResolved] : [.addressRefused]
                #expect(attempts.count == 1 && errors.contains(attempts[0].error), "\(url): \(attempts)")
                #expect(attempts.map(\.statusCode) == [nil], "\(url)")
                #expect(try await scene.state(job)?.status == .pending, "\(url)")
            }
        }
        #expect(canary.accepts == 0)
    }

    /// Names `n0.rebinding.example`, `n1.…`: public until they turn, then each leads to one of those addresses.
    private final class AlternatingResolver: Sendable {
        private let hasTurned = Mutex(false)

        func turn() { hasTurned.withLock { $0 = true } }

        var resolver: NameResolver {
            NameResolver { [self] name in
                guard let number = Int(name.prefix { $0 != "." }.dropFirst()) else { return [] }
                let address = hasTurned.withLock { $0 } ? HostileURLs.addresses[number] : "93.184.216.34"
                return [address].compactMap(IPAddress.init)
            }
        }
    }

    @Test func `a name that was public when it was given, and leads to any of their addresses later, gets none`()
        async throws
    {
        let canary = try LoopbackListener(address: nil) { _ in }
        let (names, log) = (AlternatingResolver(), CapturedLog())
        try await DeliveryScene.run(
            allowing: "", resolver: names.resolver, logger: Logger(label: "test") { _ in log }
        ) { scene async throws in
            let urls = HostileURLs.addresses.indices.map {
                "http://n\($0).rebinding.example:\(canary.port)/hook?token=5ec4e7"
            }
            #expect(urls.count > 30)
            var jobs: [JobID] = []
            for url in urls {
                try await Self.check(url, names.resolver)
                jobs.append(try await scene.end(telling: url))
            }
            try await scene.setDefault(urls[0])
            jobs.append(try await scene.end())
            names.turn()
            while try await scene.deliver() > 0 {}
            for (number, job) in jobs.enumerated() {
                #expect(try await scene.attempts(job).map(\.error) == [.addressRefused], "\(number)")
            }
            for url in urls {
                await #expect(throws: WebhookAddressError.notPublic) { try await Self.check(url, names.resolver) }
            }
        }
        #expect(canary.accepts == 0)
        #expect(!log.text.contains("5ec4e7") && !log.text.contains("/hook"))
    }

    @Test func `each try is judged by itself: what is refused waits, and arrives when its name leads out again`()
        async throws
    {
        let receiver = try WebhookReceiver()
        let canary = try LoopbackListener(address: "127.0.0.2", port: receiver.port) { _ in }
        let addresses = Mutex(["127.0.0.1"])
        let resolver = NameResolver { _ in addresses.withLock { $0.compactMap(IPAddress.init) } }
        try await DeliveryScene.run(allowing: "127.0.0.1", resolver: resolver) { scene async throws in
            let url = "http://rebinding.example:\(receiver.port)/hook"
            let first = try await scene.end(telling: url)
            try await scene.deliver()
            #expect(try await scene.state(first)?.status == .delivered)
            addresses.withLock { $0 = ["127.0.0.2"] }
            let second = try await scene.end(telling: url)
            try await scene.deliver()
            #expect(try await scene.attempts(second).map(\.error) == [.addressRefused])
            // Of several addresses only the one that may be is connected to.
            addresses.withLock { $0 = ["127.0.0.2", "127.0.0.1"] }
            #expect(try await scene.tryAgain(second))
            #expect(try await scene.attempts(second).map(\.error) == [.addressRefused, nil])
        }
        #expect(receiver.received.count == 2)
        #expect(canary.accepts == 0)
    }

    @Test func `a receiver that redirects to any of them is not followed`() async throws {
        let canary = try LoopbackListener(address: nil) { _ in }
        let urls = HostileURLs.all(port: canary.port)
        let statuses = [301, 302, 303, 307, 308]
        let receiver = try WebhookReceiver { webhook in
            let number = Int(webhook.path.dropFirst()) ?? 0
            return .status(statuses[number % statuses.count], headers: ["Location": urls[number]])
        }
        try await DeliveryScene.run(allowing: "127.0.0.1") { scene async throws in
            var jobs: [JobID] = []
            for number in urls.indices {
                jobs.append(try await scene.end(telling: "http://127.0.0.1:\(receiver.port)/\(number)"))
            }
            while try await scene.deliver() > 0 {}
            for (number, job) in jobs.enumerated() {
                let attempts = try await scene.attempts(job)
                #expect(attempts.map(\.error) == [.redirectRefused], "\(urls[number])")
                #expect(attempts.map(\.statusCode) == [statuses[number % statuses.count]], "\(urls[number])")
            }
        }
        #expect(receiver.received.count == urls.count)
        #expect(canary.accepts == 0)
    }
}
