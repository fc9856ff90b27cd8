import Billing
import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// What becomes of a job's recording when the job is submitted once more: a kept source is copied, a URL fetched again.
@Suite struct URLRetryTests {
    private static let address = "https://media.example.org/a.mp3?token=t"

    private static var words: WordOptions {
        var words = WordOptions()
        words.keyTerms = ["Kubernetes"]
        words.replacements = [WordReplacement(from: ["cooper netties"], to: "Kubernetes")]
        words.redact = [.email]
        return words
    }

    private struct Scene {
        let tenants: Tenants
        let queue: TaskQueue
        let admission: Admission
        let storage: FileStorage
        let folder: TemporaryFolder

        func submit(_ source: Submission.Source, _ id: JobID = JobID()) async throws -> Job {
            var options = JobOptions()
            options.metadata = #"{"order":"A-17"}"#
            options.speakers = SpeakerCount(expected: 3, least: 2, most: 4)
            options.diarize = false
            options.words = URLRetryTests.words
            return try await admission.admit(
                Submission(
                    id: id, tenant: tenants.example, submitter: APIKeyID(rawValue: "abcdefghijkl").map(Submitter.key),
                    options: options, source: source))
        }

        /// As a worker leaves it.
        func fail(_ failure: JobFailure, keepingSourceFor retention: Duration = .seconds(3600)) async throws {
            let claims = try await queue.claimFetches(limit: 1, share: 1, beside: [:]) + queue.claim(limit: 1)
            let claim = try #require(claims.first)
            try await tenants.databases.app.transaction(of: claim.tenant) {
                try claim.failJob(failure, keepingSourceFor: retention, in: $0)
            }
        }

        /// Has the job hold a source, as after its fetch.
        func fetched(_ job: JobID) async throws {
            let key = StorageKey.source(of: job, tenant: tenants.example)
            try await storage.write([1, 2, 3], as: key)
            try await tenants.owner.execute(
                """
                UPDATE jobs SET source_key = \(key.path), source_name = 'a.mp3', source_bytes = 3, estimated_ms = 2500,
                    source_channels = 1
                WHERE id = \(job)
                """)
        }

        func find(_ job: JobID) async throws -> JobRetry {
            try await tenants.owner.transaction { try JobRetry.find(job, in: $0) }
        }

        func retry(_ job: JobID, storage: FileStorage?) async throws -> Job {
            let retry = try await find(job)
            let claim = try await tenants.owner.transaction { try retry.begin(as: JobID(), in: $0) }
            return try await retry.submit(
                under: claim, acceptOverage: false, to: admission, storage: storage, on: tenants.owner)
        }

        func reserved() async throws -> Int64 {
            try await tenants.owner.query("SELECT seconds FROM reservations")[0].decode(Int64.self)
        }
    }

    private static func with(_ body: (Scene) async throws -> Void) async throws {
        try await Tenants.with { tenants in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            let hint = QueueHint(databases: tenants.databases, logger: Logger(label: "test"))
            try await body(
                Scene(
                    tenants: tenants, queue: TaskQueue(databases: tenants.databases, worker: "w"),
                    admission: Admission(databases: tenants.databases, hint: hint),
                    storage: try FileStorage(root: folder.path), folder: folder))
        }
    }

    private static var url: Submission.Source {
        get throws { .url(try SourceURL(address, policy: AddressPolicy())) }
    }

    @Test(arguments: [JobFailure.Code.sourceNotFound, .sourceURLRefused, .invalidAudio, .transientError])
    func `a URL whose recording is not here is fetched again, without a storage`(code: JobFailure.Code) async throws {
        try await Self.with { scene in
            let job = try await scene.submit(try Self.url)
            try await scene.fail(JobFailure(code: code, message: "A sentence."))
            let retry = try await scene.find(job.id)
            #expect(!retry.isKept)
            let new = try await scene.retry(job.id, storage: nil)
            #expect(new.id != job.id)
            #expect(new.source == .url(Self.address))
            #expect(new.metadata == #"{"order":"A-17"}"#)
            #expect(!new.diarize)
            let (words, speakers) = try await scene.tenants.owner.transaction { transaction in
                (
                    try WordOptions.find(new.id, of: scene.tenants.example, in: transaction),
                    try transaction.first(
                        "SELECT speakers_expected, speakers_min, speakers_max FROM jobs WHERE id = \(new.id)",
                        as: Int.self, Int.self, Int.self)
                )
            }
            #expect(words == Self.words)
            #expect(try #require(speakers) == (3, 2, 4))
            #expect(try await scene.queue.claimFetches(limit: 5, share: 5, beside: [:]).map(\.kind) == [.fetch])
            #expect(try await scene.reserved() == 0)
            #expect(try scene.folder.files == [])
        }
    }

    @Test func `a URL's recording that is kept is not fetched again, since its link may be dead`() async throws {
        try await Self.with { scene in
            let job = try await scene.submit(try Self.url)
            try await scene.fetched(job.id)
            try await scene.fail(.transient)
            let retry = try await scene.find(job.id)
            #expect(retry.isKept)
            let new = try await scene.retry(job.id, storage: scene.storage)
            #expect(new.source == .url(Self.address))
            #expect(try await scene.queue.claim(limit: 5).map(\.kind) == [.prepare])
            #expect(try await scene.reserved() == 3)
            #expect(try scene.folder.files.count == 2)
            let key = try await scene.tenants.owner.query("SELECT source_key FROM jobs WHERE id = \(new.id)")[0]
                .decode(String.self)
            #expect(try await scene.storage.read(.source(of: new.id, tenant: scene.tenants.example)) == [1, 2, 3])
            #expect(key.contains(new.id.rawValue))
        }
    }

    @Test func `a URL's recording that was kept and is gone is fetched again`() async throws {
        try await Self.with { scene in
            let job = try await scene.submit(try Self.url)
            try await scene.fetched(job.id)
            try await scene.fail(.transient)
            try await scene.tenants.owner.execute("UPDATE jobs SET source_kept_until = now() - interval '1 second'")
            _ = try await scene.retry(job.id, storage: scene.storage)
            #expect(try await scene.queue.claimFetches(limit: 5, share: 5, beside: [:]).map(\.kind) == [.fetch])
        }
    }

    @Test func `what cannot be tried again says why`() async throws {
        try await Self.with { scene in
            await #expect(throws: JobRetry.Refusal.noJob) { try await scene.find(JobID()) }
            let job = try await scene.submit(try Self.url)
            await #expect(throws: JobRetry.Refusal.notFailed(.queued)) { try await scene.find(job.id) }
            try await scene.fail(.transient)
            let (tenant, id) = (scene.tenants.example, job.id)
            try await scene.tenants.databases.app.transaction(of: tenant) {
                _ = try JobDeletion.remove(id, of: tenant, in: $0)
            }
            await #expect(throws: JobRetry.Refusal.deleted) { try await scene.find(job.id) }

            let upload = JobID()
            let key = StorageKey.source(of: upload, tenant: tenant)
            let file = Submission(
                id: upload, tenant: tenant, submitter: nil, options: JobOptions(), fileName: "a.wav", bytes: 3,
                estimatedMilliseconds: 1000, channels: 1, sourceKey: key
            ).source
            _ = try await scene.submit(file, upload)
            // The fault lies in the recording, which is not kept then.
            try await scene.fail(.invalidAudio(.decodeFailed))
            await #expect(throws: JobRetry.Refusal.sourceGone) { try await scene.find(upload) }
        }
    }

    @Test func `a kept recording without a storage to copy it in is refused, and may be tried again`() async throws {
        try await Self.with { scene in
            let job = try await scene.submit(try Self.url)
            try await scene.fetched(job.id)
            try await scene.fail(.transient)
            await #expect(throws: (any Error).self) { try await scene.retry(job.id, storage: nil) }
            _ = try await scene.retry(job.id, storage: scene.storage)
        }
    }
}
