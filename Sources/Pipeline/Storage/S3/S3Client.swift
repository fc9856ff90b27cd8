import Egress
import Foundation
import Logging
import Postgres

/// Sends calls to the store: signed, bounded, and again after what may pass.
package struct S3Client: Sendable {
    /// After the last there is no further try: the task that asked has a schedule of its own.
    package static let schedule = RetrySchedule(delays: [.milliseconds(200), .seconds(1), .seconds(3)], jitter: 0.5)

    let bucket: S3Bucket
    private let credentials: S3Credentials
    private let client: EgressClient
    private let schedule: RetrySchedule
    private let logger: Logger

    package init(
        bucket: S3Bucket, credentials: S3Credentials, client: EgressClient, schedule: RetrySchedule = Self.schedule,
        logger: Logger
    ) {
        self.bucket = bucket
        self.credentials = credentials
        self.client = client
        self.schedule = schedule
        self.logger = logger
    }

    /// The store's answer to a call that it took.
    ///
    /// - Parameter sink: where the answer's body goes, from the file's start; it ends where the file stands then.
    /// - Throws: ``StorageError``; `CancellationError`.
    func send(_ request: S3Request, to sink: Int32? = nil) async throws -> EgressResponse {
        var generator = SystemRandomNumberGenerator()
        var failures = 0
        while true {
            let (error, isPassing): (StorageError, Bool)
            do {
                let response = try await sendOnce(request, to: sink)
                // Some calls are answered before they are done, and say only then that they failed.
                // Not so what is read, which is a customer's, whatever it looks like.
                let hasFailedLate = request.method != "GET" && S3Failure.code(in: response.body) != nil
                if response.isSuccess, !hasFailedLate { return response }
                let failure = S3Failure(response)
                (error, isPassing) = (failure.error, failure.isPassing)
            } catch let fault as EgressError {
                (error, isPassing) = (Self.meaning(of: fault), fault.isTransient)
            }
            failures += 1
            guard isPassing, let delay = schedule.delay(attempt: failures, using: &generator) else { throw error }
            logger.debug("the object store is asked again", metadata: ["error": "\(error)"])
            try await Task.sleep(for: delay)
        }
    }

    private func sendOnce(_ request: S3Request, to sink: Int32?) async throws -> EgressResponse {
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
            headers: signed, body: request.body, limits: request.limits, audience: .operatorConfigured,
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

    /// Told by the transport, whose texts hold neither URL nor content.
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
