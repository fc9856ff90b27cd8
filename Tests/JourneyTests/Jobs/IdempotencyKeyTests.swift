import Egress
import Foundation
import Postgres
import Tenancy
import TestSupport
import Testing

/// The same request, sent again under its `Idempotency-Key`.
@Suite struct IdempotencyKeyTests {
    @Test func `the same request under the same key is one job, answered byte for byte the same`() async throws {
        try await Deployment.with { deployment in
            let nodes = [try await deployment.start("api"), try await deployment.start("api")]
            let alice = try await deployment.customer(at: nodes[0])
            let bob = try await deployment.customer(at: nodes[1])
            let charlie = try await deployment.customer(of: deployment.tenants.other, at: nodes[0])
            let file = try await Recordings.short(into: deployment.scratch)
            let key = [(name: "Idempotency-Key", value: "order 66")]
            let first = try await alice.post(file: file, fields: ["language": "en"], headers: key)
            #expect(first.status == 202)
            #expect(first.headers["Idempotent-Replayed"] == nil)
            // Another name for the file and another node: the same request.
            let again = try await bob.post(file: file, named: "b.wav", fields: ["language": "en"], headers: key)
            #expect(again.status == 202)
            #expect(again.body == first.body)
            #expect(again.headers["Location"] == first.headers["Location"])
            #expect(again.headers["Idempotent-Replayed"] == "true")
            #expect(
                try await alice.post(file: file, headers: key).problem(422)["error"] as? String
                    == "idempotency_conflict")
            #expect(
                try await alice.post(file: Recordings.clip("0880"), fields: ["language": "en"], headers: key)
                    .problem(422)["error"] as? String == "idempotency_conflict")
            #expect(try await deployment.tenants.owner.query("SELECT FROM jobs").count == 1)
            // Another tenant's key is another key.
            let other = try await charlie.post(file: file, fields: ["language": "en"], headers: key)
            #expect(other.status == 202)
            #expect(other.headers["Idempotent-Replayed"] == nil)
            #expect(other.body != first.body)
        }
    }

    @Test func `a refusal is not remembered, and a key that is being worked on is not worked on twice`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let customer = try await deployment.customer(at: node)
            let file = try await Recordings.short(into: deployment.scratch)
            let key = [(name: "Idempotency-Key", value: "k")]
            _ = try await customer.post(file: Checkout.fixture("librivox/transcription"), headers: key).problem(415)
            try await deployment.tenants.owner.execute(
                """
                INSERT INTO idempotency_keys (tenant_id, key, holder, lease_until)
                VALUES (\(deployment.tenants.example), 'k', 'another node', now() + interval '1 minute')
                """)
            let busy = try await customer.post(file: file, headers: key)
            #expect(try busy.problem(409)["error"] as? String == "idempotency_in_progress")
            #expect(busy.headers["Retry-After"] != nil)
            try await deployment.tenants.owner.execute("UPDATE idempotency_keys SET lease_until = now()")
            #expect(try await customer.post(file: file, headers: key).status == 202)
            let long = [(name: "Idempotency-Key", value: String(repeating: "k", count: 256))]
            #expect(
                try await customer.post(file: file, headers: long).problem(400)["field"] as? String == "Idempotency-Key"
            )
        }
    }
}
