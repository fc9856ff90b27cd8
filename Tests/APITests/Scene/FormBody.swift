import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// A multipart body without a server. It counts how much of it was read.
struct FormBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    let pieces: [ByteBuffer]
    let taken = Counter()

    final class Counter: Sendable {
        private let value = Atomic<Int>(0)
        var count: Int { value.load(ordering: .sequentiallyConsistent) }
        func add() { value.add(1, ordering: .sequentiallyConsistent) }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>
        let taken: Counter

        mutating func next() async throws -> ByteBuffer? {
            guard let piece = rest.popFirst() else { return nil }
            taken.add()
            return piece
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: pieces[...], taken: taken) }

    static func part(_ name: String, _ value: String, filename: String? = nil) -> String {
        let file = filename.map { "; filename=\"\($0)\"" } ?? ""
        return "--bnd\r\nContent-Disposition: form-data; name=\"\(name)\"\(file)\r\n\r\n\(value)\r\n"
    }

    static func form(_ parts: String..., end: String = "--bnd--\r\n") -> FormBody {
        FormBody(pieces: [ByteBuffer(string: parts.joined() + end)])
    }

    func request(
        type: String? = "multipart/form-data; boundary=\"bnd\"", length: Int? = nil, method: HTTPRequest.Method = .post,
        coding: String? = nil
    ) -> Request {
        var fields = HTTPFields()
        fields[.contentType] = type
        fields[.contentEncoding] = coding
        fields[.contentLength] = length.map { String($0) }
        let head = HTTPRequest(method: method, scheme: "http", authority: "test", path: "/", headerFields: fields)
        return Request(head: head, body: RequestBody(asyncSequence: self))
    }
}
