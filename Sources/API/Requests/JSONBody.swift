import FoundationEssentials
import HTTPTypes
import Hummingbird
import JSON
import NIOCore

/// Reads small JSON bodies.
package enum JSONBody {
    /// Reads and decodes the request's body.
    ///
    /// - Parameter limitBytes: the largest body. The default is more than any of our bodies needs, and little enough to keep in memory for
    ///   strangers.
    /// - Throws: `APIError`: 415 unless the content type is `application/json`, 413 `request_too_large`, 400 with the path of the `field`
    ///   that doesn't decode; and what reading the body throws.
    package static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from request: Request, limitBytes: Int = 16 << 10
    ) async throws -> Value {
        try decode(type, from: try await read(request, limitBytes: limitBytes))
    }

    /// Like ``decode(_:from:limitBytes:)``, but a request without a body counts as one with an empty object.
    package static func decodeIfPresent<Value: Decodable>(
        _ type: Value.Type = Value.self, from request: Request, limitBytes: Int = 16 << 10
    ) async throws -> Value {
        let isEmpty = (request.headers[.contentLength] ?? "0") == "0"
        if isEmpty, request.headers[.transferEncoding] == nil { return try decode(type, from: Array("{}".utf8)) }
        return try await decode(type, from: request, limitBytes: limitBytes)
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        do {
            let value = try JSONDecoder().decode(type, from: Data(bytes))
            try refuseLaxJSON(bytes)
            return value
        } catch let error as DecodingError {
            if case .dataCorrupted(let context) = error, context.codingPath.isEmpty, bytes.count <= 16 << 10,
                let places = (try? JSONDecoder().decode(Fractions.self, from: Data(bytes)))?.places,
                let place = places.first
            {
                throw APIError.invalidRequest(
                    "A number must be whole.", field: places.count == 1 ? path(place) : nil)
            }
            throw answer(error)
        }
    }

    /// `JSONDecoder` takes one of several members with the same name, and other readers may take another. It also reads what is not JSON: commas
    /// before a closing bracket, control characters in strings, other encodings than UTF-8.
    ///
    /// What only the database would refuse, such as NUL, is allowed here: most members are not stored, and unknown ones are ignored.
    private static func refuseLaxJSON(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw APIError.noJSONObject }
        var object = JSONObjectReader(JSONReader(stored: text))
        var names: Set<String> = []
        do {
            while let member = try object.next() {
                guard names.insert(member.name).inserted else {
                    throw APIError.invalidRequest(
                        "The field is given more than once.", field: String(member.name.prefix(64)))
                }
            }
        } catch is JSONReader.Fault {
            throw APIError.noJSONObject
        }
    }

    /// Where valid JSON has numbers that are not whole ones. `JSONDecoder` doesn't tell which one it can't take.
    private struct Fractions: Decodable {
        let places: [[any CodingKey]]

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            if let object = try? decoder.container(keyedBy: Key.self) {
                places = try object.allKeys.flatMap { try object.decode(Fractions.self, forKey: $0).places }
            } else if var list = try? decoder.unkeyedContainer() {
                var found: [[any CodingKey]] = []
                while !list.isAtEnd { found += try list.decode(Fractions.self).places }
                places = found
            } else if let number = try? decoder.singleValueContainer().decode(Double.self) {
                places = Int64(exactly: number) == nil ? [decoder.codingPath] : []
            } else {
                places = []
            }
        }
    }

    /// Reads the request's body.
    ///
    /// - Throws: `APIError`: 415 unless the content type is `application/json`, 413 `request_too_large`; and what reading throws.
    package static func read(_ request: Request, limitBytes: Int) async throws -> [UInt8] {
        try ContentCoding.requireNone(request.headers)
        guard request.headers[.contentType].flatMap(HeaderValue.init)?.value == "application/json" else {
            throw APIError.unsupportedMediaType("Send the request's body as application/json.")
        }
        if let declared = request.headers[.contentLength].flatMap({ Int64($0) }), declared > limitBytes {
            throw APIError.requestTooLarge(limitBytes: Int64(limitBytes))
        }
        var body = ByteBuffer()
        for try await chunk in request.body {
            guard body.readableBytes + chunk.readableBytes <= limitBytes else {
                throw APIError.requestTooLarge(limitBytes: Int64(limitBytes))
            }
            body.writeImmutableBuffer(chunk)
        }
        return Array(body.readableBytesView)
    }

    /// Names the field, but never repeats its value.
    private static func answer(_ error: DecodingError) -> APIError {
        switch error {
        case .keyNotFound(let key, let context):
            return .invalidRequest("A required field is missing.", field: path(context.codingPath + [key]))
        case .valueNotFound(_, let context):
            return .invalidRequest("The field must not be null.", field: path(context.codingPath))
        case .typeMismatch(_, let context):
            return .invalidRequest("The field has the wrong type.", field: path(context.codingPath))
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            return .invalidRequest("The field's value is not valid.", field: path(context.codingPath))
        default:
            return .invalidRequest("The body is not valid JSON.")
        }
    }

    /// `metadata.tags[2].name`; nil for the body as a whole.
    private static func path(_ keys: [any CodingKey]) -> String? {
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : ".\(key.stringValue)"
            }
        }
        return path.isEmpty ? nil : path
    }
}
