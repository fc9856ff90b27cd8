import Egress

/// What became of a client that was closed while both of its threads were busy, and of one that was forgotten.
package struct CloseReport: Codable, Sendable {
    package let threadsWhileBusy: Int
    /// The errors of what was under way and of what waited, in the order of sending.
    package let interrupted: [String]
    /// The error of what came after the closing.
    package let late: String
    package let threadsAfterClosing: Int
    package let forgotten: String
    package let threadsAfterForgetting: Int

    /// The server behind the URL never answers `/hold`; it answers `/held` when one request of each trust level holds, and
    /// `/released` when the connections of these have ended.
    init(of url: String) async throws {
        let policy = try AddressPolicy(allowing: "127.0.0.0/8")
        let client = EgressClient(
            configuration: EgressConfiguration(maxConcurrent: 1, addressPolicy: policy), logger: Probe.quiet)
        let tasks = EgressTrust.allCases.flatMap { trust in
            (0..<3).map { _ in Task { await Self.outcome(of: client, url + "/hold", trust) } }
        }
        _ = try await Probe.status(of: url + "/held")
        threadsWhileBusy = try await OwnProcess.transferThreads(expecting: EgressTrust.allCases.count)
        await client.close()
        var interrupted: [String] = []
        for task in tasks { interrupted.append(await task.value) }
        self.interrupted = interrupted
        // Asked while this process lives: its end would close them too.
        _ = try await Probe.status(of: url + "/released")
        late = await Self.outcome(of: client, url + "/hold")
        await client.close()
        threadsAfterClosing = try await OwnProcess.transferThreads(expecting: 0)
        do {
            let neverClosed = EgressClient(logger: Probe.quiet)
            forgotten = await Self.outcome(of: neverClosed, "http://127.0.0.1:1")
        }
        threadsAfterForgetting = try await OwnProcess.transferThreads(expecting: 0)
    }

    /// The error's description, or the answer's status.
    private static func outcome(
        of client: EgressClient, _ url: String, _ trust: EgressTrust = .operatorConfigured
    ) async -> String {
        do {
            let request = EgressRequest(url: url, limits: Probe.limits, trust: trust)
            return "\(try await client.send(request).status)"
        } catch {
            return "\(error)"
        }
    }
}
