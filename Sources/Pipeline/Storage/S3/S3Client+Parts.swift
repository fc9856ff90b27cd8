import Cryptography
import Egress
import Foundation

// Creates objects from files and from other objects. Those that are too large for one call are sent in parts, which become an object only when all
// are there. The parts of a failed transfer are deleted at once, those of a node that died by the sweep.

/// How many bytes the store accepts in one call, and the size of a part.
package struct S3Sizes: Sendable {
    let single: Int64
    let part: Int64

    /// S3 accepts 5 GiB in one call, and 10,000 parts, which is 5 TB with parts of this size.
    package init(single: Int64 = 5 << 30, part: Int64 = 512 << 20) {
        self.single = single
        self.part = part
    }
}

extension S3Client {
    func put(fileAt path: String, as key: String, _ sizes: S3Sizes) async throws {
        let size = try FileSize.of(path)
        guard size > sizes.single else {
            return _ = try await send(try await upload("PUT", key, path, 0..<size))
        }
        try await inParts(key, size, sizes) { query, range in
            var request = try await upload("PUT", key, path, range)
            request.query = query
            let response = try await send(request)
            guard let tag = response.headers["etag"] else { throw Self.unreadable }
            return tag
        }
    }

    func copy(_ source: String, to key: String, _ sizes: S3Sizes) async throws {
        let size = try await size(of: source)
        let origin = (name: "x-amz-copy-source", value: S3Encoding.path("/\(bucket.name)/\(source)"))
        guard size > sizes.single else {
            var request = S3Request("PUT", key)
            request.headers = [origin]
            // No data passes through here, but the store may take long.
            request.timeout = .seconds(900)
            guard S3Document(try await send(request).body)?.root == "CopyObjectResult" else { throw Self.unreadable }
            return
        }
        try await inParts(key, size, sizes) { query, range in
            var request = S3Request("PUT", key, query: query)
            request.headers = [
                origin, ("x-amz-copy-source-range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"),
            ]
            request.timeout = .seconds(900)
            let answer = S3Document(try await send(request).body)
            guard answer?.root == "CopyPartResult", let tag = answer?.values("ETag").first else {
                throw Self.unreadable
            }
            return tag
        }
    }

    /// Returns the unfinished uploads in parts.
    func unfinished(_ prefix: String) async throws -> [(key: String, upload: String, since: String)] {
        var request = S3Request("GET", query: [("uploads", ""), ("prefix", prefix)])
        request.answerLimit = 16 << 20
        guard let answer = S3Document(try await send(request).body), answer.root == "ListMultipartUploadsResult" else {
            throw Self.unreadable
        }
        return answer.children.filter { $0.name == "Upload" }.compactMap { element in
            guard let key = element["Key"], key.hasPrefix(prefix), let id = element["UploadId"],
                let since = element["Initiated"]
            else { return nil }
            return (key, id, since)
        }
    }

    func abort(_ upload: String, of key: String) async throws {
        do {
            _ = try await send(S3Request("DELETE", key, query: [("uploadId", upload)]))
        } catch let error as StorageError where error.errno == ENOENT {
            // It is already gone.
        }
    }

    /// Sends an object in parts.
    ///
    /// - Parameter send: sends one part and returns its tag.
    private func inParts(
        _ key: String, _ size: Int64, _ sizes: S3Sizes,
        send part: ([(name: String, value: String)], Range<Int64>) async throws -> String
    ) async throws {
        let begun = S3Document(try await send(S3Request("POST", key, query: [("uploads", "")])).body)
        guard begun?.root == "InitiateMultipartUploadResult", let upload = begun?.values("UploadId").first else {
            throw Self.unreadable
        }
        do {
            var list = ""
            for (index, start) in stride(from: 0, to: size, by: Int64.Stride(sizes.part)).enumerated() {
                let query = [(name: "partNumber", value: "\(index + 1)"), (name: "uploadId", value: upload)]
                let tag = try await part(query, start..<min(start + sizes.part, size))
                guard tag.utf8.allSatisfy({ (0x20...0x7E).contains($0) }), !tag.contains("<"), !tag.contains("&") else {
                    throw Self.unreadable
                }
                list += "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(tag)</ETag></Part>"
            }
            var request = S3Request("POST", key, query: [("uploadId", upload)])
            request.headers = [("Content-Type", "application/xml")]
            request.body = .bytes(Array("<CompleteMultipartUpload>\(list)</CompleteMultipartUpload>".utf8))
            // Joining terabytes takes minutes.
            request.timeout = .seconds(900)
            guard S3Document(try await send(request).body)?.root == "CompleteMultipartUploadResult" else {
                throw Self.unreadable
            }
        } catch {
            // Unstructured, so that the clean-up also runs if this task was cancelled.
            await Task { try? await abort(upload, of: key) }.value
            throw error
        }
    }

    private func upload(_ method: String, _ key: String, _ path: String, _ range: Range<Int64>) async throws
        -> S3Request
    {
        let length = range.upperBound - range.lowerBound
        var request = S3Request(method, key)
        request.body = length == 0 ? .bytes([]) : .file(path: path, offset: range.lowerBound, length: length)
        request.bytes = length
        // Without TLS, the signature must cover the content. With TLS it need not, and the file is read only once.
        if bucket.isPlain, length > 0 { request.bodyHash = try await FileDigest.sha256(path, range).hexadecimal }
        return request
    }

    private static var unreadable: StorageError {
        StorageError(errno: EIO, words: "the store's answer cannot be read")
    }
}
