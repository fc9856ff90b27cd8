import API
import Foundation
import Tenancy
import TestSupport
import Testing

/// What other people's programs make of the API's description: a client that works, and no answer that is not as described.
@Suite struct DescriptionTests {
    private static let clients = Checkout.root + "/Tests/Clients"
    private static let recording = Recordings.clip("0880")

    private static func run(_ script: String, _ plan: [String: Any]) async throws -> Command.Result {
        try #require(
            FileManager.default.isExecutableFile(atPath: clients + "/.venv/bin/python"),
            "the clients are missing: run scripts/setup --test")
        let input = String(decoding: try JSONSerialization.data(withJSONObject: plan), as: UTF8.self)
        return try await Command.run(
            clients + "/.venv/bin/python", ["-B", clients + "/" + script],
            environment: ["PYTHONUTF8": "1", "HOME": "/nonexistent"], input: input)
    }

    private struct Called: Decodable {
        struct Job: Decodable {
            let status, source, language, text: String
            let name: String?
            let metadata: Bool
            let words: [String]
        }
        let models: Int
        let jobs: [Job]
        let refused, empty: [Word]
        let replayed: Int
        let keys: [Bool]
        let listed: [Int?]

        enum Word: Decodable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
            case text(String)
            case number(Int)

            init(stringLiteral text: String) { self = .text(text) }
            init(integerLiteral number: Int) { self = .number(number) }

            init(from decoder: any Decoder) throws {
                let value = try decoder.singleValueContainer()
                if let number = try? value.decode(Int.self) {
                    self = .number(number)
                } else {
                    self = .text(try value.decode(String.self))
                }
            }
        }
    }

    @Test
    func
        `a client by openapi-python-client makes a key, sends a file and a URL, reads the words, and has events sent again`()
        async throws
    {
        try await Deployment.with { deployment in
            let node = try await deployment.start("serve", ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"])
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let key = try await deployment.tenants.issueKey(
                for: deployment.tenants.example, scopes: Set(Scope.allCases))
            let result = try await Self.run(
                "call.py",
                ["url": node.url, "api_key": key.text, "recording": Self.recording, "folder": folder.path])
            try #require(result.status == 0, "\(result.errors)")
            let called = try JSONDecoder().decode(Called.self, from: Data(result.output.utf8))
            #expect(called.jobs.map(\.status) == ["completed", "completed"])
            #expect(called.jobs.map(\.source) == ["UploadSource", "URLSource"])
            #expect(called.jobs.map(\.name) == ["zoë.wav", nil])
            for job in called.jobs {
                #expect(job.metadata && job.language == "en" && job.words.count > 3 && !job.text.isEmpty)
            }
            #expect(called.refused == ["Problem", "invalid_api_key", 401])
            #expect(called.empty == ["Problem", "invalid_audio", "empty_audio"])
            #expect(called.listed == [1, 1, nil])
            #expect(called.keys == [true, true])
            #expect(called.replayed == 2)
            // One model for all errors: there were 269 of them.
            #expect(called.models < 120)
        }
    }

    /// A node, a key, jobs that completed and jobs that wait. Nothing works on jobs any more, so that what is sent now costs little.
    private static func fuzz(
        _ deployment: Deployment, completed: Int, waiting: Int, _ more: [String: Any]
    ) async throws -> Command.Result {
        let node = try await deployment.start("api", ["VERBATIM_EGRESS_ALLOW": "127.0.0.0/8"])
        let key = try await deployment.tenants.issueKey(for: deployment.tenants.example, scopes: Set(Scope.allCases))
        let customer = try await Customer.logIn(apiKey: key.text, at: node, over: deployment.http)
        func submit(_ count: Int) async throws -> [String] {
            var jobs: [String] = []
            for _ in 0..<count { jobs.append(try await customer.submit(file: recording, fields: ["language": "en"])) }
            return jobs
        }
        let worker = try await deployment.start("worker")
        let ended = try await submit(completed)
        for job in ended {
            let job = try await customer.finished(job)
            try #require(job["status"] as? String == "completed", "\(job)")
        }
        worker.process.signal(SIGTERM)
        #expect(try await worker.process.ended() == 0)
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let invited = try await deployment.admin(
            "member", "invite", "--tenant", deployment.tenants.example.rawValue, "--email", "owner@example.com",
            "--role", "owner", "--json")
        let owner = try JSONSerialization.jsonObject(with: Data(invited.output.utf8)) as? [String: Any]
        let link = try #require(owner?["link"] as? String, "\(invited.errors)")
        let plan: [String: Any] = [
            "url": node.url, "api_key": key.text, "recording": recording, "completed": ended,
            "owner": String(link.split(separator: "=").last ?? ""),
            "waiting": try await submit(waiting), "seed": 11, "folder": folder.path,
        ]
        return try await run("fuzz.py", plan.merging(more) { $1 })
    }

    @Test func `over a thousand right and wrong calls by Schemathesis are answered as described`() async throws {
        try await Deployment.with { deployment in
            let result = try await Self.fuzz(deployment, completed: 5, waiting: 3, ["cases": 20])
            #expect(result.status == 0, "\(result.errors)")
            let answered = try JSONDecoder().decode([String: Int].self, from: Data(result.output.utf8))
            #expect(answered.values.reduce(0, +) >= 1_000)
            #expect(answered.filter { $0.key.hasSuffix(" 500") }.isEmpty)
            // Successful bodies were reached, of every call.
            let document = try APIDocument(path: Checkout.root + "/openapi.json")
            for operation in document.operations {
                let call = "\(operation.method) \(operation.path)"
                #expect(answered.keys.contains { $0.hasPrefix("\(call) 2") }, "\(call) never succeeded: \(answered)")
            }
        }
    }

    @Test func `an answer that is not as described is found`() async throws {
        try await Deployment.with { deployment in
            let result = try await Self.fuzz(
                deployment, completed: 1, waiting: 1,
                [
                    "cases": 3, "arguments": ["--include-path", "/usage"],
                    "change": ["/components/schemas/Usage/properties/used_seconds/type": "string"],
                ])
            #expect(result.status == 1, "\(result.errors)")
            #expect(result.errors.contains("Response violates schema"))
        }
    }
}
