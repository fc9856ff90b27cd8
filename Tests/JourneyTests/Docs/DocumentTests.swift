import API
import Egress
import Foundation
import TestSupport
import Testing

/// The API's description: written once, told to machines and people, and true.
@Suite struct DocumentTests {
    private static let python = Checkout.root + "/inference/.venv/bin/python"

    @Test func `openapi.json says what openapi.yaml says, to PyYAML and to the script that writes it`() async throws {
        let compare = """
            import json, sys, yaml
            with open(sys.argv[1], encoding="utf-8") as a, open(sys.argv[2], encoding="utf-8") as b:
                sys.exit(0 if yaml.safe_load(a) == json.load(b) else "they differ: run scripts/lib/openapi-json")
            """
        let result = try await Command.run(
            Self.python,
            ["-B", "-c", compare, Checkout.root + "/openapi.yaml", Checkout.root + "/openapi.json"])
        #expect(result.status == 0, "\(result.errors)")
        let script = Checkout.root + "/scripts/lib/openapi-json"
        let current = try await Command.run(script, ["--check"])
        #expect(current.status == 0, "\(current.errors)")
    }

    @Test func `the script tells what is stale, and refuses what JSON cannot say`() async throws {
        let script = Checkout.root + "/scripts/lib/openapi-json"
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        func run(_ yaml: String, _ arguments: String...) async throws -> Command.Result {
            try Data(yaml.utf8).write(to: URL(filePath: folder.path + "/openapi.yaml"))
            return try await Command.run(script, arguments + ["--root", folder.path])
        }
        #expect(try await run("a: 1\n", "--check").status == 1)
        #expect(try await run("a: [ü, \"no\", null]\n").status == 0)
        #expect(try await run("a: [ü, \"no\", null]\n", "--check").status == 0)
        for wrong in ["a: 1\na: 2\n", "a: 2026-11-23\n", "1: a\n", "a: [\n", "a: .nan\n"] {
            #expect(try await run(wrong).status == 1, "\(wrong)")
        }
        let kept = try String(contentsOfFile: folder.path + "/openapi.json", encoding: .utf8)
        #expect(kept.contains("\"ü\",\n  \"no\",\n  null"))
    }

    @Test func `every route is described, and what is described is a route`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api")
            let anyone = Customer(node: node, http: deployment.http, token: "")
            let served = try APIDocument(bytes: await anyone.get("/openapi.json").body)
            let described = Set(served.operations.map { "\($0.method) \($0.path)" })
            // A fresh node counts all its routes, at zero.
            // The dashboard's pages, and the way to them, are not the API.
            let routes = try Scrape(await anyone.get("/metrics")).routes.filter {
                !$0.hasPrefix("GET /app") && $0 != "GET /"
            }
            #expect(routes.subtracting(described).sorted() == [])
            #expect(described.subtracting(routes).sorted() == [])
        }
    }

    @Test func `the document and the page are for anyone, may be kept, and are fetched once`() async throws {
        try await Deployment.with { deployment in
            let node = try await deployment.start("api", ["VERBATIM_PUBLIC_URL": "https://api.example/v1"])
            let anyone = Customer(node: node, http: deployment.http, token: "")
            for (path, type) in [("/openapi.json", "application/json"), ("/docs", "text/html; charset=utf-8")] {
                let answer = try await anyone.get(path)
                #expect(answer.status == 200)
                #expect(answer.headers["Content-Type"] == type)
                #expect(answer.headers["Cache-Control"] == "public, max-age=300")
                let tag = try #require(answer.headers["ETag"])
                let again = try await anyone.get(path, headers: [(name: "If-None-Match", value: "\"x\", W/\(tag)")])
                #expect(again.status == 304 && again.body.isEmpty)
                #expect(again.headers["ETag"] == tag)
                #expect(try await anyone.get(path, headers: [(name: "If-None-Match", value: "\"x\"")]).status == 200)
            }
            let here = try await deployment.start("api")
            for (node, address) in [(node, "https://api.example/v1"), (here, "/")] {
                let anyone = Customer(node: node, http: deployment.http, token: "")
                var served = try await anyone.get("/openapi.json").json
                let servers = try #require(served.removeValue(forKey: "servers") as? [[String: String]])
                #expect(servers == [["url": address]])
                let file = try Data(contentsOf: URL(filePath: Checkout.root + "/openapi.json"))
                var written = try #require(try JSONSerialization.jsonObject(with: file) as? [String: Any])
                written["servers"] = nil
                #expect(served as NSDictionary == written as NSDictionary)
            }

            let page = try await anyone.get("/docs")
            #expect(page.text.contains("https://api.example/v1"))
            let style = try #require(page.text.firstMatch(of: /<style>([^<]*)<\/style>/)).1
            let hash =
                "import base64, hashlib, sys; print(base64.b64encode(hashlib.sha256(sys.stdin.buffer.read()).digest()).decode(), end='')"
            let digest = try await Command.run(Self.python, ["-c", hash], input: String(style)).output
            #expect(digest.count == 44)
            let policy = try #require(page.headers["Content-Security-Policy"])
            #expect(policy.contains("default-src 'none'; style-src 'sha256-\(digest)'"))
            #expect(!policy.contains("unsafe"))
        }
    }

    @Test func `a node without its description says so and does not start`() async throws {
        try await Deployment.with { deployment in
            let home = try TemporaryFolder()
            defer { home.remove() }
            try FileManager.default.createSymbolicLink(
                atPath: home.path + "/sql", withDestinationPath: Checkout.migrations)
            let result = try await Command.run(
                Checkout.executable("verbatim"), ["api"],
                environment: deployment.environment.merging(["VERBATIM_HOME": home.path]) { $1 })
            #expect(result.status == 1)
            #expect(result.errors.contains("openapi.json cannot be read: the file is missing"))
        }
    }
}
