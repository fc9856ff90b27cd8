import Cryptography
import Egress
import Foundation
import Logging
import Postgres

/// Sends calls to the store: signed, with limits, and retried after temporary errors. If the store rejects a role's credentials as expired, they
/// are renewed once, and the call is sent again.
package struct S3Client: Sendable {
    /// The delays between attempts. There are few, because the calling task has a schedule of its own.
    package static let schedule = RetrySchedule(delays: [.milliseconds(200), .seconds(1), .seconds(3)], jitter: 0.5)

    let bucket: S3Bucket
    let credentials: S3CredentialProvider
    private let client: EgressClient
    private let schedule: RetrySchedule
    private let logger: Logger

    package init(
        bucket: S3Bucket, credentials: S3CredentialProvider, client: EgressClient,
        schedule: RetrySchedule = Self.schedule,
        logger: Logger
    ) {
        self.bucket = bucket
        self.credentials = credentials
        self.client = client
        self.schedule = schedule
        self.logger = logger
    }

    /// Sends a call. Returns the response of a successful one.
    ///
    /// - Parameter sink: the file to which the response's body is written, from its start. The file's offset is then the end of the body.
    /// - Throws: ``StorageError``; `CancellationError`.
    func send(_ request: S3Request, to sink: Int32? = nil) async throws -> EgressResponse {
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        var hasNewCredentials = false
        while true {
            // For each attempt and each part of an object, because transfers may last longer than credentials.
            let used = try await credentials.current()
            let (error, isPassing): (StorageError, Bool)
            do {
                let response = try await sendOnce(request, used, to: sink)
                // For some calls the store sends 200 before they are done, and an error in the body later. The body of a GET is a customer's
                // data, whatever it looks like.
                let hasFailedLate = request.method != "GET" && S3Failure.code(in: response.body) != nil
                if response.isSuccess, !hasFailedLate { return response }
                let failure = S3Failure(response)
                if !hasNewCredentials, failure.mayBeExpired(request.method),
                    await credentials.replacement(for: used) != nil
                {
                    hasNewCredentials = true
                    continue
                }
                (error, isPassing) = (failure.error(ofRole: credentials.isRole), failure.isPassing)
            } catch let fault as EgressError {
                (error, isPassing) = (Self.meaning(of: fault), fault.isTransient)
            }
            failures += 1
            guard isPassing, let delay = schedule.delay(attempt: failures, using: &generator) else { throw error }
            logger.debug("the object store's call is retried", metadata: ["error": "\(error)"])
            try await Task.sleep(for: delay)
        }
    }

    private func sendOnce(_ request: S3Request, _ credentials: S3Credentials, to sink: Int32?) async throws
        -> EgressResponse
    {
        if let sink {
            guard lseek(sink, 0, SEEK_SET) == 0 else { throw StorageError(errno: errno) }
        }
        let path = bucket.basePath + S3Encoding.path(request.key)
        let query = S3Encoding.query(request.query)
        let signed = S3Signature.headers(
            request.method, host: bucket.host, path: path, query: request.query, headers: request.headers,
            payload: payload(of: request), credentials: credentials, region: bucket.region, at: .now())
        let sent = EgressRequest(
            method: request.method, url: "\(bucket.scheme)://\(bucket.host)\(path)\(query.isEmpty ? "" : "?\(query)")",
            headers: signed, body: request.body, limits: request.limits, trust: .operatorConfigured,
            waitsInLine: request.waitsInLine)
        guard let sink else { return try await client.send(sent) }
        return try await client.download(sent, to: sink)
    }

    private func payload(of request: S3Request) -> String {
        if let hash = request.bodyHash { return hash }
        switch request.body {
        case .none: return S3Signature.hash(of: [])
        case .bytes(let bytes): return S3Signature.hash(of: bytes)
        case .file, .multipart: return S3Signature.unsignedPayload
        }
    }

    /// Returns the error for an error of the transport, whose texts contain neither URL nor content.
    private static func meaning(of error: EgressError) -> StorageError {
        switch error {
        case .sinkFailed(let code): StorageError(errno: code)
        case .bodyUnreadable(let code): StorageError(errno: code == 0 ? EIO : code)
        case .tls: StorageError(errno: EACCES, words: "the store's TLS certificate is not trusted; see AWS_CA_BUNDLE")
        case let error where error.isTransient: .away("the store cannot be reached: \(error)")
        default: StorageError(errno: EIO, words: "the store cannot be used: \(error)")
        }
    }
}

// Calls about objects, by the store's names for them.

extension S3Client {
    private static let mostPages = 100_000

    /// Writes one byte and deletes it, without waiting for transfers of recordings.
    func probe(_ key: String) async throws {
        try await put([1], as: key, waitsInLine: false)
        try await delete(key, waitsInLine: false)
    }

    func put(_ bytes: [UInt8], as key: String, waitsInLine: Bool = true) async throws {
        var request = S3Request("PUT", key)
        request.waitsInLine = waitsInLine
        request.body = .bytes(bytes)
        request.bytes = Int64(bytes.count)
        _ = try await send(request)
    }

    func get(_ key: String, limit: Int) async throws -> [UInt8] {
        var request = S3Request("GET", key)
        request.answerLimit = limit
        request.bytes = Int64(limit)
        return try await send(request).body
    }

    /// Downloads an object to a file.
    ///
    /// - Parameter size: the size that the store said before. Another size is an error.
    func get(_ key: String, into descriptor: Int32, size: Int64) async throws {
        var request = S3Request("GET", key)
        request.answerLimit = Int(size)
        request.bytes = size
        _ = try await send(request, to: descriptor)
        guard lseek(descriptor, 0, SEEK_CUR) == off_t(size) else {
            throw StorageError(errno: EIO, words: "the store sent more or fewer bytes than it announced")
        }
    }

    func size(of key: String) async throws -> Int64 {
        let response = try await send(S3Request("HEAD", key))
        guard let size = response.headers["content-length"].flatMap(Int64.init), size >= 0 else {
            throw StorageError(errno: EIO, words: "the store did not state an object's size")
        }
        return size
    }

    func delete(_ key: String, waitsInLine: Bool = true) async throws {
        var request = S3Request("DELETE", key)
        request.waitsInLine = waitsInLine
        do {
            _ = try await send(request)
        } catch let error as StorageError where error.errno == ENOENT {
            // Some stores answer this for an object that is already gone.
        }
    }

    /// Lists the objects page by page, in the order of their names.
    func list(_ prefix: String, page: ([S3Listing.Object]) async throws -> Void) async throws {
        var token: String?
        for _ in 0..<Self.mostPages {
            var request = S3Request("GET", query: [("list-type", "2"), ("prefix", prefix), ("max-keys", "1000")])
            if let token { request.query.append(("continuation-token", token)) }
            request.answerLimit = 16 << 20
            let answer = try await send(request).body
            guard let listing = S3Listing(answer) else {
                throw StorageError(errno: EIO, words: "the store's listing cannot be read")
            }
            // Never accept names outside the prefix: a caller that deletes what is listed would delete objects that are not ours.
            guard listing.objects.allSatisfy({ $0.key.hasPrefix(prefix) }) else {
                throw StorageError(errno: EIO, words: "the store listed objects that were not asked for")
            }
            try await page(listing.objects)
            guard let next = listing.next else { return }
            guard next != token else {
                throw StorageError(errno: EIO, words: "the store's listing repeats itself")
            }
            token = next
        }
        throw StorageError(errno: EIO, words: "the store's listing does not end")
    }

    /// Deletes objects, at most 1,000, which is S3's limit.
    func delete(_ keys: [String]) async throws {
        guard !keys.isEmpty else { return }
        let names = keys.map { "<Object><Key>\(Self.escaped($0))</Key></Object>" }.joined()
        let body = Array("<Delete><Quiet>true</Quiet>\(names)</Delete>".utf8)
        guard let digest = try? MD5.hash(body) else {
            throw StorageError(errno: EIO, words: "this machine is configured without MD5, which the store demands")
        }
        var request = S3Request("POST", query: [("delete", "")])
        request.headers = [
            ("Content-Type", "application/xml"),
            // S3 requires it.
            ("Content-MD5", Data(digest).base64EncodedString()),
        ]
        request.body = .bytes(body)
        guard let answer = S3Document(try await send(request).body), answer.root == "DeleteResult" else {
            throw StorageError(errno: EIO, words: "the store's answer to a removal cannot be read")
        }
        let refusals = answer.children.filter { $0.name == "Error" }.map { $0["Code"] ?? "" }
        if let code = refusals.first(where: { $0 != "NoSuchKey" }) {
            throw S3Failure(status: code == "AccessDenied" ? 403 : 500, code: code).error(ofRole: credentials.isRole)
        }
    }

    /// Deletes all objects that begin with `prefix`, except `kept`.
    func deleteAll(_ prefix: String, but kept: String? = nil) async throws {
        try await list(prefix) { try await delete($0.map(\.key).filter { $0 != kept }) }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}

/// A page of the response to `ListObjectsV2`.
package struct S3Listing: Sendable {
    package struct Object: Sendable, Equatable {
        package let key: String
        package let changed: Timestamp
    }

    package let objects: [Object]
    /// The token of the next page; nil after the last one.
    package let next: String?

    /// Nil if the response is not a complete listing, because a truncated one must not be taken for a short one.
    package init?(_ bytes: [UInt8]) {
        guard let document = S3Document(bytes), document.root == "ListBucketResult" else { return nil }
        var objects: [Object] = []
        for element in document.children where element.name == "Contents" {
            guard let key = element["Key"], !key.isEmpty,
                let changed = element["LastModified"].flatMap(Timestamp.init(rfc3339:))
            else { return nil }
            objects.append(Object(key: key, changed: changed))
        }
        self.objects = objects
        switch document.values("IsTruncated").first {
        case "true":
            guard let token = document.values("NextContinuationToken").first, !token.isEmpty else { return nil }
            next = token
        case "false", nil: next = nil
        default: return nil
        }
    }
}
