import Billing
import Egress
import Foundation
import Logging
import MediaSimulator
import Pipeline
import Postgres
import Tenancy
import TestSupport

/// A queue, a storage, and the stages of a worker whose model server is away. A task that needs the server stops there.
struct StageScene: Sendable {
    let tenants: Tenants
    let queue: TaskQueue
    let storage: FileStorage
    let stages: Stages
    let site: MediaSimulator
    let log: CapturedLog

    static func run(
        plan: PlanName = .pro, pace: FetchPace = FetchPace(), _ body: (StageScene) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try await Tenants.with(plan: plan) { tenants in
            let log = CapturedLog()
            let logger = Logger(label: "test") { _ in log }
            let policy = try AddressPolicy(allowing: "127.0.0.1")
            let client = EgressClient(configuration: EgressConfiguration(addressPolicy: policy), logger: logger)
            let storage = try FileStorage(root: folder.path + "/storage")
            let server = ModelServer(address: .unixSocket(folder.path + "/none.sock"), client: client)
            let stages = Stages(
                databases: tenants.databases, storage: storage,
                media: MediaToolClient(
                    executable: Checkout.executable("verbatim-media"), maxConcurrentProbes: 2, logger: logger),
                server: server, recognizer: WhisperEngine(server: server),
                provenance: ProvenanceKeys(databases: tenants.databases, masterKey: tenants.masterKey),
                sources: SourceFetcher(
                    client: client, policy: policy, pages: nil, scratch: folder.path, logger: logger),
                scratch: folder.path, sourceRetention: .seconds(3600), pace: pace, logger: logger)
            do {
                try await body(
                    StageScene(
                        tenants: tenants, queue: TaskQueue(databases: tenants.databases, worker: "first"),
                        storage: storage, stages: stages, site: try MediaSimulator([:]), log: log))
            } catch {
                await client.close()
                throw error
            }
            await client.close()
        }
    }

    func admit(_ submission: Submission) async throws -> Job {
        try await Admission(
            databases: tenants.databases, hint: QueueHint(databases: tenants.databases, logger: Logger(label: "test"))
        ).admit(submission)
    }

    /// Submits a recording with `seconds` of audio that claims to have `claimed` seconds.
    func submit(seconds: Int, claiming claimed: Int64, channels: Int = 1, acceptOverage: Bool = false) async throws
        -> Job
    {
        let id = JobID()
        let key = StorageKey.source(of: id, tenant: tenants.example)
        let audio = Self.wav(seconds: seconds, channels: channels)
        try await storage.write(audio, as: key)
        var options = JobOptions()
        options.diarize = channels == 2
        return try await admit(
            Submission(
                id: id, tenant: tenants.example, submitter: nil, options: options, acceptOverage: acceptOverage,
                fileName: "a.wav",
                bytes: Int64(audio.count), estimatedMilliseconds: claimed * 1000, channels: channels, sourceKey: key))
    }

    func submit(url path: String, acceptOverage: Bool = false) async throws -> Job {
        let source = try SourceURL(site.url + path, policy: AddressPolicy(allowing: "127.0.0.1"))
        return try await admit(
            Submission(
                id: JobID(), tenant: tenants.example, submitter: nil, options: JobOptions(),
                acceptOverage: acceptOverage,
                source: .url(source)))
    }

    /// Sets the tenant's minutes per month.
    func setMonth(minutes: Int) async throws {
        try await tenants.owner.execute(
            """
            INSERT INTO quota_overrides (tenant_id, monthly_minutes) VALUES (\(tenants.example), \(minutes))
            ON CONFLICT (tenant_id) DO UPDATE SET monthly_minutes = \(minutes)
            """)
    }

    func job(_ id: JobID) async throws -> Job? {
        let tenant = tenants.example
        return try await tenants.databases.app.transaction(of: tenant) { try Job.find(id, of: tenant, in: $0) }
    }

    /// The used and reserved seconds of each month.
    func months() async throws -> [[Int64]] {
        try await tenants.owner.query("SELECT used_seconds, reserved_seconds FROM usage_months").map { row in
            let (used, reserved) = try row.decode(Int64.self, Int64.self)
            return [used, reserved]
        }
    }

    /// A tone of 440 Hz, 8 kHz, 16 bit.
    static func wav(seconds: Int, channels: Int = 1) -> [UInt8] {
        let second = (0..<8000).flatMap { index -> [UInt8] in
            let sample = Int16(8000 * sin(Double(index) * 2 * .pi * 440 / 8000))
            return (0..<channels).flatMap { _ in withUnsafeBytes(of: sample.littleEndian, Array.init) }
        }
        let data = second.count * seconds
        var wav = WAVFile.header(dataBytes: data, channels: channels, rate: 8000)
        wav.reserveCapacity(wav.count + data)
        for _ in 0..<seconds { wav += second }
        return wav
    }
}
