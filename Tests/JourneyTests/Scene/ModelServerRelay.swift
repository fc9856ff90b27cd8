import Foundation
import Synchronization
import TestSupport

/// A relay between a node and the shared model server. It keeps the answers to recognitions back until they are released, so that a test
/// decides what happens while a recognition is running.
final class ModelServerRelay: Sendable {
    private let listener: LoopbackListener
    private let turnstile: DispatchSemaphore
    private let holds: AsyncStream<Void>

    var url: String { "http://127.0.0.1:\(listener.port)" }

    /// - Parameter url: of the model server, `http://127.0.0.1:PORT`.
    init(to url: String) throws {
        let port = UInt16(url.split(separator: ":").last ?? "") ?? 0
        let turnstile = DispatchSemaphore(value: 0)
        let (holds, hold) = AsyncStream.makeStream(of: Void.self)
        (self.turnstile, self.holds) = (turnstile, holds)
        listener = try LoopbackListener { client in
            guard let server = try? LoopbackSocket(port: port) else { return }
            let recognition = Flag()
            Thread.detachNewThread {
                while let bytes = try? client.receive(), !bytes.isEmpty {
                    if String(decoding: bytes, as: UTF8.self).contains("POST /v1/audio/transcriptions") {
                        recognition.isRequested.store(true, ordering: .sequentiallyConsistent)
                    }
                    try? server.send(bytes)
                }
                server.finish()
            }
            while let bytes = try? server.receive(), !bytes.isEmpty {
                if recognition.isRequested.load(ordering: .sequentiallyConsistent) {
                    hold.yield()
                    turnstile.wait()
                    turnstile.signal()
                }
                try? client.send(bytes)
            }
            client.finish()
        }
    }

    deinit { release() }

    /// Returns when the model server has answered a recognition, and the node has not got the answer.
    func holdsAnswer() async {
        for await _ in holds { return }
    }

    /// Lets all answers through from now on.
    func release() { turnstile.signal() }

    private final class Flag: Sendable {
        let isRequested = Atomic(false)
    }
}
