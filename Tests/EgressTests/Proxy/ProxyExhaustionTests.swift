import Addresses
import Egress
import EgressProbe
import Foundation
import Glibc
import MediaSimulator
import TestSupport
import Testing

@Suite struct ProxyExhaustionTests {
    private struct Report: Decodable {
        let kept, spent: Int
        let answer: String
    }

    @Test func `without descriptors a proxy keeps none, waits quietly, and goes on`() async throws {
        let report = try JSONDecoder().decode(Report.self, from: Data(try await probe("proxy").utf8))
        #expect(report.kept == 0)
        #expect(report.spent < 300, "\(report.spent) ms")
        #expect(report.answer == "HTTP/1.1 400")
    }

    @Test func `a server that does not take the connection in is told from one that refuses it`() async throws {
        try await onThread { () throws -> Void in
            // Its queue is full, so the next one who knocks hears nothing.
            let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(listener) }
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = Glibc.bind(listener, $0, length)
                    _ = Glibc.listen(listener, 0)
                    _ = getsockname(listener, $0, &length)
                }
            }
            let port = UInt16(bigEndian: name.sin_port)
            let first = try LoopbackSocket(port: port)
            let proxy = try FilteringProxy(
                policy: AddressPolicy(allowed: [try CIDR("127.0.0.1/32")]),
                limits: .init(bytes: 1 << 20, connect: .milliseconds(300)))
            let client = try LoopbackSocket(port: proxy.port)
            try client.send(
                "GET http://127.0.0.1:\(port)/ HTTP/1.1\r\nProxy-Authorization: \(proxy.authorization)\r\n\r\n")
            #expect(String(decoding: client.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 504"))
            first.finish()
        }
    }
}
