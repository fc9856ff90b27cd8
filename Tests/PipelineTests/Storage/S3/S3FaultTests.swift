import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Settings
import Tenancy
import TestSupport
import Testing

/// What a store may do wrong.
@Suite struct S3FaultTests {
    private static let key = StorageKey.source(of: JobID(), tenant: TenantID())

    private static func with(
        _ store: FaultyStore, sizes: S3Sizes = S3Sizes(), endpoint: String? = nil, role: RoleSimulator? = nil,
        _ body: (S3Storage, TemporaryFolder, CapturedLog) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let log = CapturedLog()
        let logger = Logger(label: "test") { _ in log }
        let client = EgressClient(logger: logger)
        let bucket = try #require(
            S3Bucket(name: "bucket", prefix: "", region: "us-east-1", endpoint: endpoint ?? store.url))
        var source = CredentialSource.fixed(S3Credentials(accessKeyID: "AKID", secretAccessKey: "hunter2"))
        if let role {
            let reader = SettingsReader(environment: role.settings(.container))
            source = try #require(CredentialSource.read(reader, region: "us-east-1"))
        }
        let schedule = RetrySchedule(delays: [.milliseconds(1), .milliseconds(1), .milliseconds(1)], jitter: 0)
        let storage = S3Storage(
            client: S3Client(
                bucket: bucket, credentials: S3CredentialProvider(source, client: client, logger: logger),
                client: client, schedule: schedule, logger: logger),
            scratch: ScratchSpace(folder: folder.path, bytes: 1 << 20), sizes: sizes)
        try await body(storage, folder, log)
        await client.close()
        for secret in ["hunter2", "AKID", key.path, "5ec4e7"] { #expect(!log.text.contains(secret)) }
    }

    @Test func `what passes is tried again: slow down, an error, a closed connection`() async throws {
        let store = try FaultyStore(.refusal(503, "SlowDown"), .answer(500), .silence, .answer(200))
        try await Self.with(store) { storage, _, _ in try await storage.write([1], as: Self.key) }
        #expect(store.asked.count >= 4)
        #expect(Set(store.asked) == ["PUT /bucket/\(Self.key.path)"])
    }

    @Test func `what does not pass is given up after four tries, and is away, not wrong`() async throws {
        let store = try FaultyStore()
        try await Self.with(store) { storage, _, _ in
            let away = await #expect(throws: StorageError.self) { try await storage.write([1], as: Self.key) }
            #expect(away?.isAway == true && away?.isFull == false)
        }
        #expect(store.asked.count == 4)
        try await Self.with(store, endpoint: "http://127.0.0.1:1") { storage, _, _ in
            let away = await #expect(throws: StorageError.self) { try await storage.check() }
            #expect(away?.isAway == true)
        }
    }

    @Test func `a refusal is not tried again, and says what to do`() async throws {
        for (status, code, words) in [
            (403, "InvalidAccessKeyId", "does not know AWS_ACCESS_KEY_ID"), (403, "AccessDenied", "rights"),
            (400, "ExpiredToken", "AWS_SESSION_TOKEN"), (403, "RequestTimeTooSkewed", "clock"),
            (400, "AuthorizationHeaderMalformed", "AWS_REGION"), (400, "Some<b>thing", "400"),
        ] {
            let store = try FaultyStore(.refusal(status, code))
            try await Self.with(store) { storage, _, _ in
                let refused = await #expect(throws: StorageError.self) { try await storage.write([1], as: Self.key) }
                #expect(refused?.description.contains(words) == true, "\(refused?.description ?? "")")
                #expect(refused?.description.contains("5ec4e7") == false && refused?.isAway == false)
            }
            #expect(store.asked.count == 1)
        }
        let moved = try FaultyStore(.answer(301, ["x-amz-bucket-region: eu-west-1", "Location: http://127.0.0.1:1/"]))
        try await Self.with(moved) { storage, _, _ in
            let refused = await #expect(throws: StorageError.self) { _ = try await storage.localFile(Self.key) }
            #expect(refused?.description.contains("it lies in eu-west-1") == true)
        }
        let full = try FaultyStore(.refusal(507, "XMinioStorageFull"))
        try await Self.with(full) { storage, _, _ in
            let refused = await #expect(throws: StorageError.self) { try await storage.write([1], as: Self.key) }
            #expect(refused?.isFull == true)
        }
    }

    @Test func `a copy whose transfer breaks off begins anew, and is whole`() async throws {
        let bytes = [UInt8](repeating: 7, count: 100_000)
        let store = try FaultyStore(
            .answer(200, body: bytes), .broken(length: 100_000, body: [9, 9, 9]), .answer(200, body: bytes))
        try await Self.with(store) { storage, folder, _ in
            let file = try await storage.localFile(Self.key)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == Data(bytes))
            #expect(try folder.files == [])
        }
        #expect(store.asked.map { $0.prefix(4) } == ["HEAD", "GET ", "GET "])
    }

    @Test func `an object of another size than was told is no copy`() async throws {
        for body in [[UInt8](repeating: 1, count: 9), [UInt8](repeating: 1, count: 11)] {
            let store = try FaultyStore(
                .answer(200, body: [UInt8](repeating: 1, count: 10)), .answer(200, body: body),
                .answer(200, body: body),
                .answer(200, body: body), .answer(200, body: body))
            try await Self.with(store) { storage, folder, _ in
                await #expect(throws: StorageError.self) { _ = try await storage.localFile(Self.key) }
                let files = try folder.files
                #expect(files == [])
            }
        }
    }

    @Test func `what is read may look like a refusal and is none`() async throws {
        let text = Array("<Error><Code>SlowDown</Code></Error>".utf8)
        let store = try FaultyStore(.answer(200, body: text))
        try await Self.with(store) { storage, _, _ in
            let read = try await storage.read(Self.key)
            #expect(read == text)
        }
    }

    @Test func `a copy that fails after its 200 is tried again`() async throws {
        let store = try FaultyStore(
            .answer(200, body: [1, 2, 3]), .refusal(200, "InternalError"),
            .document(200, "<CopyObjectResult><ETag>x</ETag></CopyObjectResult>"))
        try await Self.with(store) { storage, _, _ in
            try await storage.copy(Self.key, to: .source(of: JobID(), tenant: TenantID()))
        }
        #expect(store.asked.count == 3)
    }

    @Test func `a listing that breaks off, names what was not asked for or goes in circles removes nothing`()
        async throws
    {
        let (job, tenant) = (JobID(), TenantID())
        let key = StorageKey.source(of: job, tenant: tenant).path
        func page(_ key: String, more: String = "") -> String {
            "<ListBucketResult>\(more)<Contents><Key>\(key)</Key><LastModified>2026-11-23T01:02:03Z</LastModified></Contents></ListBucketResult>"
        }
        for text in [String(page(key).dropLast(20)), page("tenants/another/source"), page("elsewhere")] {
            let store = try FaultyStore(.document(200, text))
            try await Self.with(store) { storage, _, _ in
                await #expect(throws: StorageError.self) { try await storage.remove(job: job, of: tenant) }
            }
            #expect(store.asked.count == 1)
        }
        let again = page(key, more: "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>")
        let store = try FaultyStore(.document(200, again), .document(200, again))
        try await Self.with(store) { storage, _, _ in
            await #expect(throws: StorageError.self) { _ = try await storage.jobs() }
        }
        #expect(store.asked.count == 2)
    }

    @Test func `what could not be removed is a fault, and what was gone is none`() async throws {
        let (job, tenant) = (JobID(), TenantID())
        let key = StorageKey.source(of: job, tenant: tenant).path
        let page =
            "<ListBucketResult><Contents><Key>\(key)</Key><LastModified>2026-11-23T01:02:03Z</LastModified></Contents></ListBucketResult>"
        for (code, isFault) in [("NoSuchKey", false), ("AccessDenied", true), ("InternalError", true)] {
            let store = try FaultyStore(
                .document(200, page),
                .document(200, "<DeleteResult><Error><Key>\(key)</Key><Code>\(code)</Code></Error></DeleteResult>"))
            try await Self.with(store) { storage, _, _ in
                if isFault {
                    await #expect(throws: StorageError.self) { try await storage.remove(job: job, of: tenant) }
                } else {
                    try await storage.remove(job: job, of: tenant)
                }
            }
        }
    }

    @Test func `an upload in parts that fails is dropped, and its file stays`() async throws {
        let store = try FaultyStore(
            .document(200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"),
            .answer(200, ["ETag: \"a\""]), .refusal(403, "AccessDenied"), .answer(204))
        try await Self.with(store, sizes: S3Sizes(single: 10, part: 10)) { storage, folder, _ in
            let path = folder.path + "/upload"
            try Data(repeating: 1, count: 25).write(to: URL(fileURLWithPath: path))
            await #expect(throws: StorageError.self) { try await storage.adopt(fileAt: path, as: Self.key) }
            #expect(try folder.files == ["upload"])
        }
        #expect(store.asked.map { $0.prefix(while: { $0 != " " }) } == ["POST", "PUT", "PUT", "DELETE"])
        #expect(store.asked.last?.hasSuffix("?uploadId=u1") == true)
    }

    private static func key(_ id: String) -> RoleSimulator.Key {
        RoleSimulator.Key(
            id: id, secret: "hunter2-\(id)", token: "5ec4e7-\(id)", expires: .now() + .seconds(3600))
    }

    @Test func `a role's key that the store calls expired is renewed once, and the call is sent again`() async throws {
        for (status, code) in [(400, "ExpiredToken"), (400, "InvalidToken"), (403, "InvalidAccessKeyId")] {
            let role = try RoleSimulator(Self.key("OLD"))
            let store = try FaultyStore(.answer(200), .refusal(status, code), .answer(200), .answer(200))
            try await Self.with(store, role: role) { storage, _, _ in
                try await storage.write([1], as: Self.key)
                role.key = Self.key("NEW")
                try await storage.write([1], as: Self.key)
                try await storage.write([1], as: Self.key)
            }
            #expect(store.keys == ["OLD", "OLD", "NEW", "NEW"])
            #expect(role.renewals == 2)
        }
        // The response to HEAD has no code.
        let role = try RoleSimulator(Self.key("OLD"))
        let store = try FaultyStore(.answer(200), .answer(400), .answer(200), .answer(200))
        try await Self.with(store, role: role) { storage, _, _ in
            try await storage.write([1], as: Self.key)
            role.key = Self.key("NEW")
            _ = try await storage.localFile(Self.key)
        }
        #expect(store.keys == ["OLD", "OLD", "NEW", "NEW"])
    }

    @Test func `a store that rejects every key of a role causes one renewal, and tasks wait`() async throws {
        let expired = FaultyStore.Reply.refusal(400, "ExpiredToken")
        for keys in [["A", "A"], ["A", "B"]] {
            let role = try RoleSimulator(Self.key(keys[0]))
            let store = try FaultyStore(.answer(200), expired, expired, expired, expired, expired, expired)
            try await Self.with(store, role: role) { storage, _, _ in
                try await storage.write([1], as: Self.key)
                role.key = Self.key(keys[1])
                for _ in 0..<3 {
                    let away = await #expect(throws: StorageError.self) {
                        try await storage.write([1], as: Self.key)
                    }
                    #expect(away?.isAway == true && away?.description.contains("role's credentials") == true)
                }
            }
            // Without a new key, the call is not sent again.
            #expect(store.asked.count == (keys[0] == keys[1] ? 4 : 5))
            #expect(role.renewals == 2)
        }
    }

    @Test func `a fixed key that has expired is not renewed, and no setting is named that a role does not have`()
        async throws
    {
        let store = try FaultyStore(.refusal(400, "ExpiredToken"))
        try await Self.with(store) { storage, _, _ in
            let refused = await #expect(throws: StorageError.self) { try await storage.write([1], as: Self.key) }
            #expect(refused?.description.contains("AWS_SESSION_TOKEN") == true)
        }
        #expect(store.asked.count == 1)
        for (status, code) in [(403, "AccessDenied"), (403, "SignatureDoesNotMatch"), (403, "InvalidAccessKeyId")] {
            let refusal = FaultyStore.Reply.refusal(status, code)
            try await Self.with(try FaultyStore(refusal, refusal), role: try RoleSimulator(Self.key("A"))) {
                storage, _, _ in
                let refused = await #expect(throws: StorageError.self) { try await storage.write([1], as: Self.key) }
                #expect(refused?.description.contains("role") == true && refused?.isAway == false)
                #expect(refused?.description.contains("AWS_ACCESS_KEY_ID") == false)
            }
        }
    }

    @Test func `the later parts of an upload are sent with the new key`() async throws {
        let role = try RoleSimulator(Self.key("OLD"))
        let store = try FaultyStore(
            .document(200, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>"),
            .answer(200, ["ETag: \"a\""]), .refusal(400, "ExpiredToken"), .answer(200, ["ETag: \"b\""]),
            .answer(200, ["ETag: \"c\""]),
            .document(200, "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"))
        store.beforeReply = { number in if number == 3 { role.key = Self.key("NEW") } }
        try await Self.with(store, sizes: S3Sizes(single: 10, part: 10), role: role) { storage, folder, _ in
            let path = folder.path + "/upload"
            try Data(repeating: 1, count: 25).write(to: URL(fileURLWithPath: path))
            try await storage.adopt(fileAt: path, as: Self.key)
        }
        #expect(store.keys == ["OLD", "OLD", "OLD", "NEW", "NEW", "NEW"])
        #expect(store.asked.map { $0.prefix(while: { $0 != " " }) } == ["POST", "PUT", "PUT", "PUT", "PUT", "POST"])
    }
}
