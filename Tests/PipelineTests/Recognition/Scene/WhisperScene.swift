import Egress
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Pipeline
import Synchronization
import TestSupport

/// A foreign Whisper server on a loopback port. It answers as a test says and keeps all requests.
struct WhisperScene: Sendable {
    struct Request: Sendable {
        let target: String
        let authorization: String?
        /// The form's fields as `name=value`, in order, without the file.
        let fields: [String]
        let wav: [UInt8]

        var milliseconds: Int { (wav.count - 44) / 32 }
    }

    struct Answer: Sendable {
        var status = 200
        var body: String
    }

    let client: EgressClient
    let url: String
    private let asked: Asked

    var requests: [Request] { asked.list.withLock { $0 } }

    func engine(
        _ path: String = "", apiKey: String? = nil, model: String? = nil, refusals: EngineRefusals? = nil
    ) throws -> WhisperEngine {
        guard let endpoint = WhisperEndpoint(url + path) else { throw CancellationError() }
        return WhisperEngine(endpoint: endpoint, apiKey: apiKey, model: model, client: client, refusals: refusals)
    }

    /// - Parameter answer: gets the request and the number of requests before it.
    static func with(
        _ answer: @escaping @Sendable (Request, Int) -> Answer, _ body: (WhisperScene) async throws -> Void
    ) async throws {
        let asked = Asked()
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let responder = CallbackResponder<BasicRequestContext> { request, _ in
            let form = Array(try await request.body.collect(upTo: 1 << 24).readableBytesView)
            let call = Self.request(request.head, form)
            let before = asked.list.withLock { list in
                list.append(call)
                return list.count - 1
            }
            let answer = answer(call, before)
            return Response(
                status: .init(code: answer.status), body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
        }
        let application = Application(
            responder: responder, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: .quiet)
        let client = EgressClient(logger: .quiet)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { port.finish() }
                try await application.run()
            }
            defer { tasks.cancelAll() }
            guard let port = await ports.first(where: { _ in true }) else { throw CancellationError() }
            try await body(WhisperScene(client: client, url: "http://127.0.0.1:\(port)", asked: asked))
        }
        await client.close()
    }

    private static func request(_ head: HTTPRequest, _ form: [UInt8]) -> Request {
        var fields: [String] = []
        var wav: [UInt8] = []
        let boundary = form.prefix { $0 != 13 }
        for part in Data(form).split(on: Data(boundary)) {
            guard let blank = part.range(of: Data("\r\n\r\n".utf8)) else { continue }
            let head = String(decoding: part[..<blank.lowerBound], as: UTF8.self)
            let content = part[blank.upperBound...].dropLast(2)
            if head.contains("filename=") {
                wav = Array(content)
            } else if let name = head.firstMatch(of: /name="([^"]*)"/) {
                fields.append("\(name.1)=\(String(decoding: content, as: UTF8.self))")
            }
        }
        return Request(
            target: head.path ?? "", authorization: head.headerFields[.authorization], fields: fields, wav: wav)
    }

    private final class Asked: Sendable {
        let list = Mutex<[Request]>([])
    }
}

extension Data {
    fileprivate func split(on separator: Data) -> [Data] {
        var parts: [Data] = []
        var rest = self[...]
        while let found = rest.range(of: separator) {
            parts.append(rest[..<found.lowerBound])
            rest = rest[found.upperBound...]
        }
        return parts + [rest]
    }
}
