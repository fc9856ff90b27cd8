import Foundation
import Pipeline
import Tenancy
import TestSupport
import Testing

@Suite struct FileStorageTests {
    private static func with(_ body: (FileStorage, TemporaryFolder, JobID, TenantID) async throws -> Void) async throws
    {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try await body(try FileStorage(root: folder.path + "/storage"), folder, JobID(), TenantID())
    }

    @Test func `an object reads back, also after it was written anew, and leaves nothing beside it`() async throws {
        try await Self.with { storage, folder, job, tenant in
            let key = StorageKey.source(of: job, tenant: tenant)
            try await storage.write([1, 2, 3], as: key)
            try await storage.write([4], as: key)
            #expect(try await storage.read(key) == [4])
            #expect(try folder.files == ["storage/" + key.path])
        }
    }

    @Test func `a file that is adopted is moved, and readable by its owner's user alone`() async throws {
        try await Self.with { storage, folder, job, tenant in
            let path = folder.path + "/upload"
            try Data([7, 8]).write(to: URL(fileURLWithPath: path))
            let key = StorageKey.source(of: job, tenant: tenant)
            try await storage.adopt(fileAt: path, as: key)
            #expect(try await storage.read(key) == [7, 8])
            #expect(try folder.files == ["storage/" + key.path])
            let rights = try FileManager.default.attributesOfItem(atPath: folder.path + "/storage")[.posixPermissions]
            #expect(rights as? Int == 0o700)
        }
    }

    @Test func `what could not be adopted leaves nothing beside its place`() async throws {
        try await Self.with { storage, folder, job, tenant in
            // Another disk, in general; what it would take the place of is in its way.
            let elsewhere = "/dev/shm/verbatim-test-\(job)"
            defer { unlink(elsewhere) }
            try Data([7]).write(to: URL(fileURLWithPath: elsewhere))
            let key = StorageKey.source(of: job, tenant: tenant)
            let place = folder.path + "/storage/" + key.path
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            await #expect(throws: StorageError.self) { try await storage.adopt(fileAt: elsewhere, as: key) }
            #expect(try folder.files.isEmpty)
            try FileManager.default.removeItem(atPath: place)
            try await storage.adopt(fileAt: elsewhere, as: key)
            #expect(try folder.files == ["storage/" + key.path])
        }
    }

    @Test func `a storage that cannot be listed is not an empty one, and one that is new is`() async throws {
        try await Self.with { storage, folder, job, tenant in
            #expect(try await storage.jobs().isEmpty)
            let jobs = folder.path + "/storage/tenants/\(tenant)/jobs"
            try await storage.write([1], as: .source(of: job, tenant: tenant))
            #expect(try await storage.jobs().map(\.job) == [job])
            // For root, too, no folder.
            try FileManager.default.removeItem(atPath: jobs)
            #expect(try await storage.jobs().isEmpty)
            #expect(FileManager.default.createFile(atPath: jobs, contents: nil))
            await #expect(throws: StorageError.self) { try await storage.jobs() }
        }
    }

    @Test func `removing a job's objects takes all of them, only them, and may be repeated`() async throws {
        try await Self.with { storage, folder, job, tenant in
            let other = StorageKey.source(of: JobID(), tenant: tenant)
            try await storage.write([1], as: .source(of: job, tenant: tenant))
            try await storage.write([2], as: other)
            try await storage.remove(job: job, of: tenant)
            try await storage.remove(job: job, of: tenant)
            #expect(try folder.files == ["storage/" + other.path])
        }
    }

    @Test func `a fault names its number, not the path`() async throws {
        try await Self.with { storage, folder, job, tenant in
            let missing = await #expect(throws: StorageError.self) {
                _ = try await storage.read(.source(of: job, tenant: tenant))
            }
            #expect(missing?.errno == ENOENT)
            #expect(missing?.description.contains(tenant.rawValue) == false)
            let absent = await #expect(throws: StorageError.self) {
                try await storage.adopt(fileAt: folder.path + "/absent", as: .source(of: job, tenant: tenant))
            }
            #expect(absent?.errno == ENOENT)
        }
    }

    @Test func `a storage that can be written to says so`() async throws {
        try await Self.with { storage, folder, _, _ in
            try await storage.check()
            #expect(try folder.files == [])
        }
    }
}
