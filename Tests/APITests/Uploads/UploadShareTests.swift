import API
import NIOCore
import TestSupport
import Testing

extension ServerTests {
    /// An account that fills its share of a node, and another one beside it.
    @Suite struct UploadShareTests {
        private static let head = "--bnd\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\n"
        private static let end = "\r\n--bnd--\r\n"

        /// A form with a file of so many bytes, up to its last ones; `fields` are header fields more.
        private static func begin(_ account: String, bytes: Int, declared: Bool = true, fields: String = "") -> String {
            let length = head.utf8.count + bytes + end.utf8.count
            let framing = declared ? "Content-Length: \(length)" : "Transfer-Encoding: chunked"
            return "POST /upload/\(account) HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\(fields)"
                + "Content-Type: multipart/form-data; boundary=bnd\r\n\r\n"
        }

        private static func whole(_ account: String, bytes: Int) -> String {
            begin(account, bytes: bytes) + head + String(repeating: "x", count: bytes) + end
        }

        /// Waits until the server has taken so many bytes of its budget.
        private static func reserved(_ scene: HTTPServerScene, atLeast bytes: Int64) async throws {
            try await eventually("the server has taken that much") { scene.spool.usedBytes >= bytes }
        }

        private static func check(_ refusal: RawClient.Answer) throws {
            #expect(refusal.status == 429)
            #expect(refusal.headers["content-type"] == "application/problem+json")
            #expect(refusal.headers["retry-after"] == "10")
            #expect(try refusal.member("error") == "rate_limited")
            #expect(try refusal.member("request_id") == refusal.headers["x-request-id"])
        }

        @Test(arguments: ["bytes", "places"])
        func `an account at its bound is refused before its body is read, and another's upload passes`(bound: String)
            async throws
        {
            try await HTTPServerScene.run(
                budgetBytes: bound == "bytes" ? 10_000 : 1_000_000, maximumFiles: bound == "places" ? 3 : 512
            ) { scene in
                try await RawClient.run(scene) { holder in
                    try await holder.send(Self.begin("alice", bytes: 4_500) + Self.head)
                    try await Self.reserved(scene, atLeast: 4_500)
                    for declared in [true, false] where bound == "places" || declared {
                        try await RawClient.run(scene) { refused in
                            // No `100 Continue` comes before the answer: nothing of the body is asked for.
                            try await refused.send(
                                Self.begin(
                                    "alice", bytes: 1_000, declared: declared, fields: "Expect: 100-continue\r\n"))
                            try Self.check(try await refused.answer())
                        }
                    }
                    let other = try await RawClient.exchange(scene, Self.whole("charlie", bytes: 1_000))
                    #expect(other.status == 200 && other.body == "1000")
                    // It comes to its end, and gives back what it held.
                    try await holder.send(String(repeating: "x", count: 4_500) + Self.end)
                    #expect(try await holder.answer().body == "4500")
                }
                try await drained(scene.spool)
                let again = try await RawClient.exchange(scene, Self.whole("alice", bytes: 4_000))
                #expect(again.status == 200 && again.body == "4000")
                try await drained(scene.spool)
                #expect(scene.spool.accounts == 0)
            }
        }

        @Test func `an upload that fails gives back what it held`() async throws {
            try await HTTPServerScene.run(budgetBytes: 10_000) { scene in
                for _ in 0..<20 {
                    let broken = Self.begin("alice", bytes: 4_000) + String(repeating: "x", count: 4_000)
                    let padding = String(repeating: "x", count: Self.head.utf8.count + Self.end.utf8.count)
                    let refused = try await RawClient.exchange(scene, broken + padding)
                    #expect(refused.status == 400)
                    try await drained(scene.spool)
                }
                #expect(scene.spool.accounts == 0)
                #expect(try await RawClient.exchange(scene, Self.whole("alice", bytes: 4_000)).status == 200)
            }
        }

        @Test func `three hundred clients that hang up in the middle leave nothing taken`() async throws {
            try await HTTPServerScene.run(budgetBytes: 1_000_000) { scene in
                for batch in 0..<10 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for client in 0..<30 {
                            group.addTask {
                                let account = "\(client % 3)"
                                let declared = (batch + client) % 2 == 0
                                try await RawClient.run(scene) { client in
                                    let start = Self.begin(account, bytes: 5_000, declared: declared)
                                    let part = Self.head + String(repeating: "x", count: 2_000)
                                    try await client.send(
                                        start + (declared ? part : String(part.utf8.count, radix: 16) + "\r\n" + part))
                                    try await client.abort()
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                try await eventually("all comes back") { scene.spool.accounts == 0 && scene.spool.usedBytes == 0 }
                #expect(try await RawClient.exchange(scene, Self.whole("0", bytes: 400_000)).status == 200)
            }
        }
    }
}
