import HTTPTypes
import Hummingbird
import NIOCore
import Tenancy

/// Reads a `multipart/form-data` upload: the part `file` into the spool, all other parts as text fields.
///
/// Memory stays flat at any size. A body that is declared too large, or for which there is no room, is rejected before any of it is read;
/// otherwise as soon as the count passes the limit. On every failure the spooled bytes are removed.
package struct UploadReader: Sendable {
    /// What a legitimate form contains besides its file: boundaries, part headers and all fields of the API.
    static let allowanceBytes: Int64 = 32 * 1_024

    private let spool: Spool

    package init(spool: Spool) { self.spool = spool }

    /// Reads the request's body to its end.
    ///
    /// - Parameters:
    ///   - account: whose upload it is.
    ///   - fileLimitBytes: the plan's cap on the file.
    /// - Throws: `APIError`: 415 for another content type, 413 `file_too_large`, 400 with `field` for an invalid form, 503 if the
    ///   spool is full; and what reading the body throws.
    package func read(_ request: Request, of account: TenantID, fileLimitBytes: Int64) async throws -> Upload {
        try ContentCoding.requireNone(request.headers)
        let boundary = try Self.boundary(request.headers)
        let declared = request.headers[.contentLength].flatMap { Int64($0) }
        if let declared, declared - Self.allowanceBytes > fileLimitBytes {
            throw APIError.fileTooLarge(limitBytes: fileLimitBytes)
        }
        do {
            var parser = try MultipartParser(boundary: boundary)
            // Before the body is read, so that a client without room doesn't send it.
            let writer = try await spool.create(for: account, expectedBytes: declared)
            var form = UploadForm(writer: writer, fileLimitBytes: fileLimitBytes)
            let overhead = Int64(UploadForm.maximumFieldsBytes + MultipartParser.maximumHeaderBytes * 8)
            var received: Int64 = 0
            for try await chunk in request.body {
                received += Int64(chunk.readableBytes)
                parser.append(chunk)
                while let event = try parser.next() { try await form.take(event) }
                // Only junk around the parts is counted here: the file and the fields have limits of their own.
                guard received <= fileLimitBytes + overhead else {
                    throw APIError.requestTooLarge(limitBytes: fileLimitBytes + overhead)
                }
            }
            try parser.finish()
            return try form.upload()
        } catch let error as MultipartError {
            throw APIError.invalidRequest("The multipart body is not valid. \(error.message)")
        } catch let error as SpoolError {
            throw APIError(error) ?? error
        }
    }

    /// Returns the boundary; nil if the content type doesn't name it.
    private static func boundary(_ headers: HTTPFields) throws -> String? {
        guard let type = headers[.contentType].flatMap(HeaderValue.init), type.value == "multipart/form-data" else {
            throw APIError.unsupportedMediaType("Send the file as multipart/form-data.")
        }
        return type.parameters["boundary"]
    }
}

/// The content of a multipart upload.
package struct Upload: Sendable {
    /// The text fields by name, each given once.
    package let fields: [String: String]
    package let file: SpooledFile
}
