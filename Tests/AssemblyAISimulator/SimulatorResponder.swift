import Glibc
import HTTPTypes
import Hummingbird
import NIOCore

/// Puts the simulated API behind HTTP, and plays its faults.
struct SimulatorResponder: HTTPResponder {
    struct Context: InitializableFromSource, RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = .init(source: source)
            channel = source.channel
        }
    }

    let service: SimulatedService

    func respond(to request: Request, context: Context) async throws -> Response {
        let path = request.uri.path.split(separator: "/")
        let route = SimulatorRoute(method: request.method.rawValue, path: path)
        let fault = service.begin(route)
        // Before any answer: one that overtakes the body it belongs to would be lost with the connection.
        let body = try await request.body.collect(upTo: 1 << 30)
        let answer = {
            service.answer(
                SimulatedCall(
                    route: route, id: path.last.map(String.init) ?? "", authorization: request.headers[.authorization],
                    host: request.head.authority ?? "",
                    traceparent: HTTPField.Name("traceparent").flatMap { request.headers[$0] },
                    body: Array(body.readableBytesView)))
        }
        switch fault {
        case nil:
            let answer = answer()
            return Self.response(answer.status, ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
        case .answer(let status, let body, let headers):
            var response = Self.response(status, ResponseBody(byteBuffer: ByteBuffer(string: body)))
            for (name, value) in headers { HTTPField.Name(name).map { response.headers[$0] = value } }
            return response
        case .huge(let bytes):
            return Self.response(200, Self.endless(bytes))
        case .reset:
            try await Self.reset(context.channel)
        case .answerLost:
            _ = answer()
            try await Self.reset(context.channel)
        case .hang:
            // Until the simulator ends and cancels this.
            for await _ in AsyncStream<Never>.makeStream().stream {}
        case .trickle(let milliseconds):
            let answer = answer()
            return Self.response(answer.status, Self.drops(answer.body, milliseconds, context.channel))
        case .truncated:
            let answer = answer()
            return Self.response(answer.status, Self.half(answer.body, context.channel))
        }
        throw CancellationError()
    }

    private static func response(_ status: Int, _ body: ResponseBody) -> Response {
        Response(
            status: .init(code: status), headers: [.contentType: "application/json; charset=utf-8"], body: body)
    }

    /// Ends the connection with a reset, so that the caller cannot take it for an end.
    private static func reset(_ channel: any Channel) async throws {
        if let socket = channel as? any SocketOptionProvider {
            try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close().get()
    }

    private static func drops(_ bytes: [UInt8], _ milliseconds: Int64, _ channel: any Channel) -> ResponseBody {
        ResponseBody(contentLength: bytes.count) { writer in
            for byte in bytes {
                try await writer.write(ByteBuffer(bytes: [byte]))
                try await channel.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) {}.futureResult.get()
            }
            try await writer.finish(nil)
        }
    }

    private static func half(_ bytes: [UInt8], _ channel: any Channel) -> ResponseBody {
        ResponseBody(contentLength: bytes.count) { writer in
            try await writer.write(ByteBuffer(bytes: bytes.prefix(bytes.count / 2)))
            try await channel.close().get()
        }
    }

    private static func endless(_ count: Int) -> ResponseBody {
        let chunk = ByteBuffer(repeating: UInt8(ascii: "["), count: 1 << 20)
        return ResponseBody { writer in
            for start in stride(from: 0, to: count, by: chunk.readableBytes) {
                var part = chunk
                if let slice = part.readSlice(length: min(chunk.readableBytes, count - start)) {
                    try await writer.write(slice)
                }
            }
            try await writer.finish(nil)
        }
    }
}
