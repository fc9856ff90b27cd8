import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Settings
import Tenancy
import TestSupport

/// A storage in a bucket, below a prefix for one test, with a scratch folder.
struct StoreScene {
    let store: ObjectStore
    let prefix: String
    let storage: S3Storage
    let scratch: ScratchSpace
    let folder: TemporaryFolder
    let log: CapturedLog
    let job = JobID()
    let tenant = TenantID()

    /// - Parameter odd: characters to add to the prefix.
    static func with(
        odd: String = "", sizes: S3Sizes = S3Sizes(), scratchBytes: Int64 = 1 << 30, secret: String? = nil,
        bucket: String? = nil, role: RoleSimulator? = nil, at place: RoleSimulator.Place = .instance,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now, _ body: (StoreScene) async throws -> Void
    ) async throws {
        let store = try await ObjectStore.shared()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let prefix = "t-\(UUID().uuidString)\(odd)"
        let log = CapturedLog()
        let logger = Logger(label: "test") { _ in log }
        let client = EgressClient(logger: logger)
        let scratch = ScratchSpace(folder: folder.path, bytes: scratchBytes)
        let bucket = S3Bucket(
            name: bucket ?? store.bucket, prefix: prefix, region: "us-east-1", endpoint: store.url)
        guard let bucket else { throw CocoaError(.fileReadUnknown) }
        var source = CredentialSource.fixed(
            S3Credentials(accessKeyID: store.accessKeyID, secretAccessKey: secret ?? store.secretAccessKey))
        if let role {
            let reader = SettingsReader(environment: role.settings(place))
            guard let read = CredentialSource.read(reader, region: "us-east-1") else {
                throw CocoaError(.coderValueNotFound)
            }
            source = read
        }
        let storage = S3Storage(
            client: S3Client(
                bucket: bucket,
                credentials: S3CredentialProvider(source, client: client, clock: clock, logger: logger),
                client: client, logger: logger),
            scratch: scratch, sizes: sizes)
        do {
            try await body(
                StoreScene(
                    store: store, prefix: prefix, storage: storage, scratch: scratch, folder: folder, log: log))
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    /// The keys below the prefix, without it.
    var keys: [String] {
        get async throws { try await store.keys(prefix + "/").map { String($0.dropFirst(prefix.count + 1)) } }
    }

    func file(_ bytes: [UInt8], named name: String = "upload") throws -> String {
        let path = folder.path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }
}
