import Foundation
import MediaSimulator
import Synchronization
import TestSupport

/// An S3 endpoint that gives the answers of a test, one after the other, whatever the calls are.
final class FaultyStore: Sendable {
    enum Reply: Sendable {
        /// Status, header lines, body.
        case answer(Int, [String] = [], body: [UInt8] = [])
        /// Announces `length` bytes, sends fewer and resets the connection.
        case broken(length: Int, body: [UInt8])
        /// Closes the connection without an answer.
        case silence

        static func document(_ status: Int, _ xml: String) -> Reply { .answer(status, body: Array(xml.utf8)) }
        static func refusal(_ status: Int, _ code: String) -> Reply {
            document(status, "<Error><Code>\(code)</Code><Message>5ec4e7</Message></Error>")
        }
    }

    private final class Script: Sendable {
        let state: Mutex<(replies: [Reply], asked: [String], keys: [String])>
        let beforeReply = Mutex<(@Sendable (Int) -> Void)?>(nil)
        init(_ replies: [Reply]) { state = Mutex((replies, [], [])) }
    }

    private let script: Script
    private let listener: LoopbackListener

    var url: String { "http://127.0.0.1:\(listener.port)" }
    /// Method and target of each call so far.
    var asked: [String] { script.state.withLock { $0.asked } }

    /// The id of the access key that signed each call so far.
    var keys: [String] { script.state.withLock { $0.keys } }
    /// Called with the number of each call, from 1, before it is answered.
    var beforeReply: (@Sendable (Int) -> Void)? {
        get { script.beforeReply.withLock { $0 } }
        set { script.beforeReply.withLock { $0 = newValue } }
    }

    init(_ replies: Reply...) throws {
        let script = Script(replies)
        self.script = script
        listener = try LoopbackListener { socket in try? Self.serve(socket, script) }
    }

    private static func serve(_ socket: LoopbackSocket, _ script: Script) throws {
        var bytes: [UInt8] = []
        while true {
            var end: Range<Data.Index>?
            while end == nil {
                end = Data(bytes).firstRange(of: Data("\r\n\r\n".utf8))
                if end == nil {
                    let more = try socket.receive()
                    if more.isEmpty { return }
                    bytes += more
                }
            }
            guard let end else { return }
            let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
            let length =
                lines.lazy.compactMap { line in
                    line.lowercased().hasPrefix("content-length: ") ? Int(line.dropFirst(16)) : nil
                }.first ?? 0
            while bytes.count < end.upperBound + length { bytes += try socket.receive() }
            bytes.removeFirst(end.upperBound + length)
            let proof = lines.first { $0.lowercased().hasPrefix("authorization:") } ?? ""
            let (number, reply): (Int, Reply) = script.state.withLock { state in
                state.asked.append(lines[0].replacing(" HTTP/1.1", with: ""))
                state.keys.append(proof.firstMatch(of: /Credential=([^\/]*)\//).map { String($0.output.1) } ?? "")
                return (state.asked.count, state.replies.isEmpty ? .answer(500) : state.replies.removeFirst())
            }
            script.beforeReply.withLock { $0 }?(number)
            switch reply {
            case .answer(let status, let headers, let body):
                let fields = (headers + ["Content-Length: \(body.count)"]).joined(separator: "\r\n")
                let sent = lines[0].hasPrefix("HEAD ") ? [] : body
                try socket.send(Array("HTTP/1.1 \(status) X\r\n\(fields)\r\n\r\n".utf8) + sent)
            case .broken(let length, let body):
                try socket.send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n".utf8) + body)
                socket.breakOff()
                return
            case .silence:
                return
            }
        }
    }
}
