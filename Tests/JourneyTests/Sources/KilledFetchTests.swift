import Foundation
import Glibc
import MediaSimulator
import TestSupport
import Testing

/// A worker that is killed while yt-dlp looks behind a page for it.
@Suite struct KilledFetchTests {
    /// A page of a kind that yt-dlp knows at any host, without a plugin.
    private static let page = "/Mediasite/Play/0123456789abcdef0123456789abcdef1d"

    private static func words(_ process: Int32) -> [Substring] {
        let text = (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
        return text.split(separator: "\0")
    }

    private static func folders(_ deployment: Deployment) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: deployment.scratch.path).filter { $0.hasPrefix("fetch-") }
    }

    /// Without the rights of root, who may look into everything.
    private static let plainly = geteuid() == 0 ? ["--bounding-set", "-all"] : ["--no-new-privs"]

    private static func start(_ command: [String], _ environment: [String: String]) async throws -> RunningProcess {
        try await RunningProcess("/usr/bin/setpriv", plainly + command, environment: environment)
    }

    /// What a process of the same user gets to see of another's environment.
    private static func environment(of process: Int32) async throws -> Command.Result {
        try await Command.run("setpriv", plainly + ["cat", "/proc/\(process)/environ"])
    }

    @Test func `its child dies, and what that left goes with the next one's start`() async throws {
        try await Deployment.with { deployment async throws in
            let site = try MediaSimulator([Self.page: .text("<!doctype html>")])
            site["/Mediasite/PlayerService/PlayerService.svc/json/GetPlayerOptions"] = .init(
                type: "application/json", body: [32, 32], stalls: [1, 1, 1, 1])
            let settings = ["VERBATIM_EGRESS_ALLOW": "127.0.0.1/32", "AWS_SECRET_ACCESS_KEY": "5ec4e7"]
            let api = try await deployment.start("api", settings)
            let worker = try await Self.start(
                [Checkout.executable("verbatim"), "worker"], deployment.environment.merging(settings) { $1 })
            let customer = try await deployment.customer(at: api)
            let answer = try await customer.send("POST", "/jobs", json: #"{"source_url":"\#(site.url + Self.page)"}"#)
            try #require(answer.status == 202, "\(answer.text)")
            try await eventually("the page is looked behind") { site.requests.contains { $0.method == "POST" } }

            let child = try #require(
                try worker.children().first { Self.words($0).contains { $0.hasSuffix("/ingest/child.py") } })
            // Neither the address nor the proxy's credentials stand where everybody can read them.
            #expect(!Self.words(child).joined().contains("http"))
            #expect(try Self.folders(deployment).count == 1)
            // Nor has any child what the operator exported besides.
            for child in try worker.children() {
                let own = FileManager.default.contents(atPath: "/proc/\(child)/environ") ?? Data()
                #expect(!String(decoding: own, as: UTF8.self).contains("5ec4e7"))
            }
            let seen = try await Self.environment(of: worker.pid)
            #expect(seen.status != 0 && seen.output.isEmpty)
            let other = try await Self.start(["sleep", "600"], ["SECRET": "seen"])
            try await eventually("others' can be seen") {
                try await Self.environment(of: other.pid).output.contains("SECRET=seen")
            }
            other.kill()

            worker.kill()
            _ = try await worker.ended()
            try await eventually("the child is gone") { Self.words(child).isEmpty }
            #expect(try Self.folders(deployment).count == 1)
            let next = try await deployment.start("worker", settings)
            try await eventually("what it left is gone") { try Self.folders(deployment).isEmpty }
            withExtendedLifetime((api, next)) {}
        }
    }
}
