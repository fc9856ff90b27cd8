import Egress
import Foundation
import TestSupport
import Testing

/// What a node answers where there is nothing, and whether it is well.
@Suite struct UnknownAddressTests {
    @Test func `what is not there is told in the contract's shape`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            #expect(try await customer.get("/nothing").problem(404)["error"] as? String == "not_found")
            #expect(try await customer.get("/jobs/job_%00").problem(404)["error"] as? String == "not_found")
            #expect(try await customer.get("/").problem(404)["error"] as? String == "not_found")
            // Who comes with a browser is shown the dashboard; the address is relative, so it works behind any path prefix.
            let front = try await customer.get("/", headers: [(name: "Accept", value: "text/html,*/*;q=0.8")])
            #expect(front.status == 302 && front.headers["Location"] == "app")
            let wrongMethod = try await customer.send("DELETE", "/jobs")
            #expect(try wrongMethod.problem(405)["error"] as? String == "method_not_allowed")
            #expect(wrongMethod.headers["Allow"]?.contains("POST") == true)
            // Not those of /jobs/{id}, which has the same form.
            #expect(try await customer.send("OPTIONS", "/jobs/estimate").headers["Allow"] == "POST, OPTIONS")
            let named = try await customer.get("/healthz", headers: [(name: "X-Request-Id", value: "my-id.1")])
            #expect(named.headers["X-Request-Id"] == "my-id.1")
            #expect(try named.json["status"] as? String == "ok")
            #expect(try await customer.get("/readyz").status == 200)
        }
    }
}
