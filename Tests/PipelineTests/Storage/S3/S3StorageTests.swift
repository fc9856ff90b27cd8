import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// The storage against a real S3 server, which verifies each call's signature.
@Suite struct S3StorageTests {
    @Test func `an object reads back, also after it was written anew, and when it is empty`() async throws {
        try await StoreScene.with { scene in
            let key = StorageKey.source(of: scene.job, tenant: scene.tenant)
            try await scene.storage.write([1, 2, 3], as: key)
            try await scene.storage.write([4], as: key)
            #expect(try await scene.storage.read(key) == [4])
            #expect(try await scene.keys == [key.path])
            try await scene.storage.write([], as: key)
            #expect(try await scene.storage.read(key) == [])
            let file = try await scene.storage.localFile(key)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)).isEmpty)
        }
    }

    @Test func `odd characters in the prefix are signed as they are sent`() async throws {
        try await StoreScene.with(odd: " +&=%2F<ü'\"*~!@$,;:?#(日)/second") { scene in
            let key = StorageKey.source(of: scene.job, tenant: scene.tenant)
            let copy = StorageKey.source(of: JobID(), tenant: scene.tenant)
            try await scene.storage.write([1], as: key)
            try await scene.storage.copy(key, to: copy)
            #expect(try await scene.storage.read(copy) == [1])
            #expect(Set(try await scene.storage.jobs().map(\.tenant)) == [scene.tenant])
            #expect(try await scene.keys.count == 2)
            try await scene.storage.remove(job: scene.job, of: scene.tenant)
            #expect(try await scene.keys == [copy.path])
        }
    }

    @Test func `a file becomes an object and a file again, in whatever parts, and leaves nothing on this machine`()
        async throws
    {
        var generator = SeededGenerator(seed: 7)
        // S3 takes no parts, but for the last, below 5 MiB.
        let bytes = generator.bytes(6 << 20) + generator.bytes(1 << 20)
        for sizes in [S3Sizes(), S3Sizes(single: 5 << 20, part: 5 << 20)] {
            try await StoreScene.with(sizes: sizes) { scene in
                let key = StorageKey.source(of: scene.job, tenant: scene.tenant)
                let copy = StorageKey.source(of: JobID(), tenant: scene.tenant)
                try await scene.storage.adopt(fileAt: try scene.file(bytes), as: key)
                #expect(try scene.folder.files == [])
                try await scene.storage.copy(key, to: copy)
                for key in [key, copy] {
                    var file: LocalFile? = try await scene.storage.localFile(key)
                    #expect(scene.scratch.used == Int64(bytes.count))
                    #expect(try Data(contentsOf: URL(fileURLWithPath: file?.path ?? "")) == Data(bytes))
                    // It has no name: whoever is killed now leaves nothing.
                    #expect(try scene.folder.files == [])
                    file = nil
                    #expect(scene.scratch.used == 0)
                }
                #expect(try await scene.store.unfinished(scene.prefix) == [])
            }
        }
    }

    @Test func `a copy that finds no room in scratch is put off, not failed`() async throws {
        try await StoreScene.with(scratchBytes: 3) { scene in
            let key = StorageKey.source(of: scene.job, tenant: scene.tenant)
            try await scene.storage.write([1, 2], as: key)
            let first = try await scene.storage.localFile(key)
            let refused = await #expect(throws: StorageError.self) { _ = try await scene.storage.localFile(key) }
            #expect(refused?.isFull == true)
            withExtendedLifetime(first) {}
        }
    }

    @Test func `removing a job takes all of it and nothing of its neighbors`() async throws {
        try await StoreScene.with { scene in
            let (storage, tenant) = (scene.storage, scene.tenant)
            try await storage.write([1], as: .source(of: scene.job, tenant: tenant))
            let job = StorageKey.source(of: scene.job, tenant: tenant).path.dropLast("source".count)
            try await scene.store.fill("\(scene.prefix)/\(job)pieces/1/", count: 3)
            // A name that goes on where the job's ends, and the same job's id with another tenant.
            let longer = "\(job.dropLast())0/source"
            try await scene.store.fill("\(scene.prefix)/\(longer)", count: 1)
            let other = StorageKey.source(of: scene.job, tenant: TenantID())
            try await storage.write([1], as: other)
            let kept = StorageKey.source(of: scene.job, tenant: tenant)
            try await storage.remove(job: scene.job, of: tenant, allBut: kept)
            #expect(Set(try await scene.keys) == [kept.path, longer + "0", other.path])
            try await storage.remove(job: scene.job, of: tenant)
            try await storage.remove(job: scene.job, of: tenant)
            try await storage.remove(kept)
            #expect(Set(try await scene.keys) == [longer + "0", other.path])
        }
    }

    @Test func `a job of more objects than a page holds is listed and removed whole`() async throws {
        try await StoreScene.with { scene in
            let job = StorageKey.source(of: scene.job, tenant: scene.tenant).path.dropLast("source".count)
            try await scene.store.fill("\(scene.prefix)/\(job)pieces/1/", count: 1003)
            let last = StorageKey.source(of: JobID(), tenant: scene.tenant)
            try await scene.storage.write([1], as: last)
            let jobs = try await scene.storage.jobs()
            #expect(jobs.count == 2)
            #expect(jobs.allSatisfy { abs((Timestamp.now() - $0.changed) / .seconds(1)) < 300 })
            try await scene.storage.remove(job: scene.job, of: scene.tenant)
            #expect(try await scene.keys == [last.path])
        }
    }

    @Test func `downloads lie in scratch, count as their job's, and go with it or when they are stored`() async throws {
        try await StoreScene.with { scene in
            let folder = scene.storage.downloadFolder(of: scene.job, tenant: scene.tenant)
            #expect(folder.hasPrefix(scene.folder.path + "/"))
            for end in 0...2 {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                try Data([1]).write(to: URL(fileURLWithPath: folder + "/part"))
                let found = try await scene.storage.jobsOnThisNode()
                #expect(found.map(\.job) == [scene.job] && found.map(\.tenant) == [scene.tenant])
                switch end {
                case 0: await scene.storage.endDownload(of: scene.job, tenant: scene.tenant)
                case 1: try await scene.storage.remove(job: scene.job, of: scene.tenant)
                default:
                    try await scene.storage.remove(
                        job: scene.job, of: scene.tenant, allBut: .source(of: scene.job, tenant: scene.tenant))
                }
                #expect(try scene.folder.files == [])
            }
        }
    }

    @Test func `what an upload in parts left is dropped when it is old, and shows as no object before`() async throws {
        try await StoreScene.with { scene in
            let key = StorageKey.source(of: scene.job, tenant: scene.tenant)
            // The server says of all of them that they began in 2010.
            let began = try #require(Timestamp(rfc3339: "2010-11-10T20:48:33Z"))
            try await scene.store.begin("\(scene.prefix)/\(key.path)")
            #expect(try await scene.storage.jobs().isEmpty)
            try await scene.storage.removeUnfinished(before: began)
            #expect(try await scene.store.unfinished(scene.prefix).count == 1)
            try await scene.storage.removeUnfinished(before: began + .seconds(1))
            #expect(try await scene.store.unfinished(scene.prefix) == [])
        }
    }

    @Test func `what is not there says so, and names nothing`() async throws {
        try await StoreScene.with { scene in
            let key = StorageKey.source(of: scene.job, tenant: scene.tenant)
            for ask in [
                { _ = try await scene.storage.read(key) }, { _ = try await scene.storage.localFile(key) },
                { try await scene.storage.copy(key, to: key) },
                { try await scene.storage.adopt(fileAt: scene.folder.path + "/absent", as: key) },
            ] {
                let missing = await #expect(throws: StorageError.self) { try await ask() }
                #expect(missing?.errno == ENOENT)
                #expect(missing?.description.contains(scene.tenant.rawValue) == false)
            }
            #expect(scene.scratch.used == 0)
        }
    }

    @Test func `a check writes and leaves nothing`() async throws {
        try await StoreScene.with { scene in
            try await scene.storage.check()
            #expect(try await scene.keys == [])
        }
    }

    @Test func `a wrong secret and a bucket that is not there are told apart, and no secret is told`() async throws {
        try await StoreScene.with(secret: "5ec4e7") { scene in
            let refused = await #expect(throws: StorageError.self) { try await scene.storage.check() }
            #expect(refused?.description.contains("AWS_SECRET_ACCESS_KEY") == true)
            #expect(refused?.isAway == false)
            #expect(refused?.description.contains("5ec4e7") == false)
            #expect(!scene.log.text.contains("5ec4e7") && !scene.log.text.contains(scene.store.accessKeyID))
        }
        try await StoreScene.with(bucket: "not-there") { scene in
            let refused = await #expect(throws: StorageError.self) { try await scene.storage.check() }
            #expect(refused?.description.contains("bucket of VERBATIM_STORAGE is not there") == true)
        }
    }
}
