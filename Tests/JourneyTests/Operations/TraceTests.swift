import AssemblyAISimulator
import Foundation
import Postgres
import TestSupport
import Testing
import WebhookReceiver

/// One id by which to find what everybody recorded of a job.
@Suite struct TraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let header = (name: "traceparent", value: "00-\(trace)-00f067aa0ba902b7-01")

    @Test func `a customer's trace goes through the log to AssemblyAI and the webhook`() async throws {
        let receiver = try WebhookReceiver()
        try await AssemblyAIScene.run(["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"]) { scene in
            let answer = try await scene.customer.post(
                file: Recordings.clip("0880"),
                fields: ["diarize": "false", "language": "en", "webhook_url": receiver.url], headers: [Self.header])
            let job = try #require(try answer.json["job_id"] as? String)
            _ = try await scene.customer.words(of: job)
            try await eventually("the customer is told") { receiver.received.count == 1 }
            try await eventually("the copy is deleted there") { scene.simulator.transcripts.allSatisfy(\.isDeleted) }
            let told = try #require(receiver.received[0].headers["traceparent"])
            let traces = scene.simulator.traces + [told]
            // Handed in, asked for, read, deleted: each call with an id of its own.
            #expect(traces.count >= 4)
            #expect(traces.allSatisfy { $0.hasPrefix("00-\(Self.trace)-") && $0.hasSuffix("-01") })
            #expect(Set(traces + [Self.header.value]).count == traces.count + 1)
            let log = scene.node.process.log
            _ = try await log.line(with: "\"message\":\"Request\"", "\"POST\"", Self.trace)
            for task in ["prepare", "recognize", "assemble"] {
                _ = try await log.line(with: "task done", task, job, "\"trace_id\":\"\(Self.trace)\"")
            }
        }
    }

    @Test func `a job without a trace begins one, and the model server logs it`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve")
            let customer = try await deployment.customer(at: node)
            let jobs = [
                try await customer.submit(file: Recordings.clip("0880")),
                try await customer.submit(file: Recordings.clip("0870")),
            ]
            var traces: Set<String> = []
            for job in jobs {
                _ = try await customer.words(of: job)
                let kept = try #require(
                    try await deployment.tenants.owner.query("SELECT traceparent FROM jobs WHERE id = \(job)").first)
                let trace = String(try kept.decode(String.self).split(separator: "-")[1])
                _ = try await node.process.log.line(with: "task done", "recognize", job, trace)
                _ = try await SharedModelServer.shared().process.log.line(with: "/v1/audio/transcriptions", trace)
                traces.insert(trace)
            }
            #expect(traces.count == 2)
        }
    }

    @Test func `what is no trace is ignored, and a job from before goes on without one`() async throws {
        try await Deployment.with { deployment in
            let api = try await deployment.start("api")
            let customer = try await deployment.customer(at: api)
            let answer = try await customer.post(
                file: Recordings.clip("0880"), headers: [(name: "traceparent", value: "00-\(Self.trace)")])
            let job = try #require(try answer.json["job_id"] as? String)
            #expect(
                try await deployment.tenants.owner.query(
                    "SELECT FROM jobs WHERE traceparent NOT LIKE \("%" + Self.trace + "%")"
                ).count == 1)
            try await deployment.tenants.owner.execute("UPDATE jobs SET traceparent = NULL")
            let worker = try await deployment.start("worker")
            #expect(try await customer.words(of: job).contains("young man"))
            #expect(try await !worker.process.log.line(with: "task done", "recognize", job).contains("trace_id"))
        }
    }
}
