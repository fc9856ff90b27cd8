import Egress
import Foundation
import TestSupport
import Testing

@Suite struct TLSTests {
    @Test
    func `a certificate counts only from a trusted authority and for the very host`() async throws {
        try await TemporaryFolder.with { folder in
            let server = try await TLSServer(folder: folder)
            let trusting = EgressConfiguration(certificateAuthorities: folder + "/certificate.pem")
            try await withClient(trusting) { client async throws in
                #expect(try await client.send(.get("https://127.0.0.1:\(server.port)/")).status == 200)
                await #expect(throws: EgressError.tls) {
                    try await client.send(.get("https://127.0.0.2:\(server.port)/"))
                }
            }
            try await withClient { client async throws in
                await #expect(throws: EgressError.tls) {
                    try await client.send(.get("https://127.0.0.1:\(server.port)/"))
                }
            }
        }
    }

    @Test func `a handshake that breaks off is no fault of the certificate's, and may pass`() async throws {
        let server = try ScriptedServer { connection in
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            connection.waitForEnd()
        }
        let broken = try ScriptedServer { connection in _ = try connection.readSome(atMost: 1) }
        try await withClient { client async throws in
            for port in [server.port, broken.port] {
                await #expect(throws: EgressError.tlsHandshake) {
                    try await client.send(.get("https://127.0.0.1:\(port)/"))
                }
            }
        }
        #expect(EgressError.tlsHandshake.isTransient)
        #expect(!EgressError.tls.isTransient)
    }
}

/// `openssl s_server` with a certificate of its own making for 127.0.0.1. Stopped by its last reference.
private final class TLSServer: Sendable {
    let port: Int
    private let process: RunningProcess

    init(folder: String) async throws {
        let made = try await Command.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", folder + "/key.pem", "-out", folder + "/certificate.pem",
            ])
        try #require(made.status == 0, "\(made.errors)")
        process = try await RunningProcess(
            "/usr/bin/openssl",
            [
                "s_server", "-accept", "0.0.0.0:0", "-www",
                "-key", folder + "/key.pem", "-cert", folder + "/certificate.pem",
            ], reading: .output)
        // It says `ACCEPT 0.0.0.0:PORT` when it is ready.
        let line = try await process.log.line { $0.hasPrefix("ACCEPT") }
        port = try #require(line.split(separator: ":").last.flatMap { Int($0) })
    }
}
