import JSON
import NIOCore

/// Takes the parts of one form as the parser finds them: the file into the spool, fields into memory, each within
/// its limit.
package struct UploadForm: ~Copyable {
    static let fileField = "file"
    /// The fields that are arrays.
    private static let listFields: Set<String> = ["key_terms", "replacements", "redact", "languages"]
    package static let maximumFieldBytes = 32 * 1_024
    package static let maximumFieldsBytes = 96 * 1_024

    private let writer: SpoolWriter
    private let fileLimitBytes: Int64

    private var fields: [String: String] = [:]
    /// The fields that may be given several times, with their values in order.
    private var lists: [String: [String]] = [:]
    private var fieldsBytes = 0
    private var file: SpooledFile?
    private var current = Current.none

    private enum Current {
        case none
        case file(SpoolWriter, name: String?)
        case field(String, ByteBuffer)
    }

    /// - Parameter writer: writes the file.
    init(writer: SpoolWriter, fileLimitBytes: Int64) {
        self.writer = writer
        self.fileLimitBytes = fileLimitBytes
    }

    mutating func take(_ event: MultipartParser.Event) async throws {
        switch event {
        case .part(let part): try await begin(part)
        case .data(let bytes): try await add(bytes)
        case .partEnd: try await endPart()
        case .end: break
        }
    }

    /// Returns the whole form, after its last part.
    consuming func upload() throws -> Upload {
        guard let file else {
            throw APIError.invalidRequest("The form has no part named \"file\".", field: Self.fileField)
        }
        var fields = fields
        for (name, values) in lists { fields[name] = Self.array(of: values, in: name) }
        return Upload(fields: fields, file: file)
    }

    /// Returns the array, as JSON text, that a form gives in this field: as that text, or each of its elements in a field of its own.
    private static func array(of values: [String], in field: String) -> String {
        if values.count == 1, values[0].first(where: { !$0.isWhitespace }) == "[" { return values[0] }
        let elements = field == "replacements" ? values : values.map(JSONWriter.quoted)
        return "[" + elements.joined(separator: ",") + "]"
    }

    private mutating func begin(_ part: MultipartPart) async throws {
        let name = part.name
        if name == Self.fileField {
            guard file == nil else {
                throw APIError.invalidRequest("The form has more than one part named \"file\".", field: name)
            }
            current = .file(writer, name: part.filename)
        } else {
            guard part.filename == nil else {
                throw APIError.invalidRequest("Only the part named \"file\" may be a file.", field: name)
            }
            guard fields[name] == nil || Self.listFields.contains(name) else {
                throw APIError.invalidRequest("The field is given more than once.", field: name)
            }
            current = .field(name, ByteBuffer())
        }
    }

    private mutating func add(_ bytes: ByteBuffer) async throws {
        switch current {
        case .file(let writer, _):
            guard writer.bytes + Int64(bytes.readableBytes) <= fileLimitBytes else {
                throw APIError.fileTooLarge(limitBytes: fileLimitBytes)
            }
            try await writer.append(bytes)
        case .field(let name, var value):
            current = .none
            fieldsBytes += bytes.readableBytes
            guard value.readableBytes + bytes.readableBytes <= Self.maximumFieldBytes else {
                throw APIError.invalidRequest(
                    "The field is larger than \(Self.maximumFieldBytes) bytes.", field: name)
            }
            guard fieldsBytes <= Self.maximumFieldsBytes else {
                throw APIError.invalidRequest(
                    "The fields together are larger than \(Self.maximumFieldsBytes) bytes.", field: name)
            }
            value.writeImmutableBuffer(bytes)
            current = .field(name, value)
        case .none: break
        }
    }

    private mutating func endPart() async throws {
        let ended = current
        current = .none
        switch ended {
        case .file(let writer, let name):
            file = try await writer.finish(originalName: name)
        case .field(let name, let value):
            guard let text = String(validating: value.readableBytesView, as: UTF8.self) else {
                throw APIError.invalidRequest("The field is not valid UTF-8.", field: name)
            }
            if Self.listFields.contains(name) {
                lists[name, default: []].append(text)
            } else {
                fields[name] = text
            }
        case .none: break
        }
    }
}
