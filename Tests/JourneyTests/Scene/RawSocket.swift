import Dispatch
import Foundation
import Glibc
import TestSupport
import Testing

/// A connection to a node that says exactly what a test wants, and keeps quiet otherwise. Its calls block on a thread of their own.
final class RawSocket: Sendable {
    struct Failed: Error {
        let call: String
        let code: Int32
    }

    private let descriptor: Int32

    /// - Parameter url: of a node, `http://127.0.0.1:PORT`.
    init(to url: String) throws {
        let port = UInt16(url.split(separator: ":").last ?? "") ?? 0
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Failed(call: "socket", code: errno) }
        var timeout = timeval(tv_sec: 300, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let error = Failed(call: "connect", code: errno)
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await aside { [descriptor] in
            var at = 0
            while at < bytes.count {
                let count = bytes[at...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                // A node that has answered before all was sent closes after a while; its answer is there to be read.
                if count < 0, [EPIPE, ECONNRESET].contains(errno) { return }
                guard count > 0 else { throw Failed(call: "send", code: errno) }
                at += count
            }
        }
    }

    /// The next whole answer: its status, and all of it as text.
    func answer() async throws -> (status: Int, text: String) {
        try await aside { [descriptor] in
            var received: [UInt8] = []
            while true {
                if let whole = Self.whole(received) { return whole }
                var block = [UInt8](repeating: 0, count: 65_536)
                let count = recv(descriptor, &block, block.count, 0)
                guard count > 0 else { throw Failed(call: "recv", code: count == 0 ? 0 : errno) }
                received += block[..<count]
            }
        }
    }

    private static func whole(_ bytes: [UInt8]) -> (status: Int, text: String)? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.lowerBound]
        let length =
            head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        guard text[end.upperBound...].utf8.count >= length else { return nil }
        return (Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0, text)
    }

    private func aside<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "raw-socket").async { continuation.resume(with: Result(catching: body)) }
        }
    }
}

/// An upload that goes on for as long as it is held, a little faster than a node takes for too slow.
final class SlowUpload: Sendable {
    private let feeding: Task<Void, any Error>

    /// Returns once the node has given it a place: it asks for the body then, and not before.
    init(of customer: Customer) async throws {
        let socket = try RawSocket(to: customer.node.url)
        try await customer.beginUpload(socket, declaring: 100_000_000, expect: true)
        let answer = try await socket.answer()
        try #require(answer.status == 100, "\(answer.text)")
        try await socket.send(Customer.formHead + "RIFF")
        feeding = Task {
            while !Task.isCancelled {
                try await socket.send([UInt8](repeating: 0, count: 16_384))
                await withCheckedContinuation { continuation in
                    DispatchQueue.global().asyncAfter(deadline: .now() + 0.5) { continuation.resume() }
                }
            }
        }
    }

    deinit { feeding.cancel() }
}

extension Customer {
    fileprivate static let formHead =
        "--bnd\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"

    /// A form with this file, up to so many of its bytes; the rest stays away.
    func beginUpload(_ socket: RawSocket, declaring bytes: Int, sending: [UInt8] = [], expect: Bool = false)
        async throws
    {
        let (head, end) = (Self.formHead, "\r\n--bnd--\r\n")
        try await socket.send(
            "POST /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\n"
                + "Content-Type: multipart/form-data; boundary=bnd\r\n" + (expect ? "Expect: 100-continue\r\n" : "")
                + "Content-Length: \(head.utf8.count + bytes + end.utf8.count)\r\n\r\n")
        guard !expect else { return }
        try await socket.send(Array(head.utf8) + sending)
        if sending.count == bytes { try await socket.send(end) }
    }
}
