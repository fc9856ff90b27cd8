import TestSupport
import Testing

/// What keeps a node from starting, and what it says.
@Suite struct NodeStartTests {
    @Test func `a node with wrong settings tells all faults at once`() async throws {
        let result = try await Command.run(
            Checkout.executable("verbatim"), ["serve"],
            environment: [
                "VERBATIM_LISTEN": "nowhere", "VERBATIM_MASTER_KEY": "hunter2", "VERBATIM_STORAGE": "ftp://x",
            ])
        #expect(result.status == 1)
        for name in ["VERBATIM_DATABASE_URL", "VERBATIM_LISTEN", "VERBATIM_MASTER_KEY", "VERBATIM_STORAGE"] {
            #expect(result.errors.contains(name), "\(name)")
        }
        #expect(!result.errors.contains("hunter2"))
    }

    @Test func `a node does not start on an old schema or a taken port`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let address = node.url.replacing("http://", with: "")
            let taken = try await Command.run(
                Checkout.executable("verbatim"), ["api"],
                environment: deployment.environment.merging(["VERBATIM_LISTEN": address]) { $1 })
            #expect(taken.status == 1)
            #expect(taken.errors.contains("VERBATIM_LISTEN is in use"))
            // The address for metrics has a setting of its own.
            let metrics = try await Command.run(
                Checkout.executable("verbatim"), ["worker"],
                environment: deployment.environment.merging(["VERBATIM_METRICS_LISTEN": address]) { $1 })
            #expect(metrics.status == 1)
            #expect(metrics.errors.contains("VERBATIM_METRICS_LISTEN is in use"))

            try await withTestDatabase(waitsForPlace: false) { empty in
                let old = try await Command.run(
                    Checkout.executable("verbatim"), ["api"],
                    environment: deployment.environment.merging(["VERBATIM_DATABASE_URL": empty.url]) { $1 })
                #expect(old.status == 1)
                #expect(old.errors.contains("verbatim-admin migrate"))
            }
        }
    }
}
