import Foundation
import Pipeline
import Postgres
import Tenancy
import TestSupport
import Testing

/// The storage with a role's keys against a real S3 server, which verifies signatures and session tokens.
@Suite struct RoleStorageTests {
    @Test(arguments: RoleSimulator.Place.allCases)
    func `a role's key is accepted, with its token`(_ place: RoleSimulator.Place) async throws {
        let key = try await ObjectStore.shared().temporaryKey()
        let role = try RoleSimulator(key)
        try await StoreScene.with(role: role, at: place) { scene in
            let object = StorageKey.source(of: scene.job, tenant: scene.tenant)
            try await scene.storage.write([1, 2], as: object)
            #expect(try await scene.storage.read(object) == [1, 2])
            #expect(await scene.storage.credentials.contains("valid until \(key.expires)"))
            for secret in [key.id, key.secret, key.token] { #expect(!scene.log.text.contains(secret)) }
        }
        #expect(role.renewals == 1)
    }

    @Test func `the server rejects a role's key with the token of another`() async throws {
        let store = try await ObjectStore.shared()
        let (key, other) = (try await store.temporaryKey(), try await store.temporaryKey())
        let mixed = RoleSimulator.Key(id: key.id, secret: key.secret, token: other.token, expires: key.expires)
        try await StoreScene.with(role: try RoleSimulator(mixed)) { scene in
            await #expect(throws: StorageError.self) {
                try await scene.storage.write([1], as: .source(of: scene.job, tenant: scene.tenant))
            }
            let keys = try await scene.keys
            #expect(keys == [])
        }
    }

    @Test func `a key that has expired at the server is replaced, also for files in both directions`() async throws {
        let store = try await ObjectStore.shared()
        let role = try RoleSimulator(try await store.temporaryKey())
        let bytes = [UInt8](repeating: 7, count: 1 << 20)
        try await StoreScene.with(role: role) { scene in
            let object = StorageKey.source(of: scene.job, tenant: scene.tenant)
            let copy = StorageKey.source(of: JobID(), tenant: scene.tenant)
            func replaceKey() async throws {
                let old = role.key
                role.key = try await store.temporaryKey()
                try await store.expire(old)
            }
            try await scene.storage.write([1], as: copy)
            try await replaceKey()
            try await scene.storage.adopt(fileAt: try scene.file(bytes), as: object)
            #expect(role.renewals == 2)
            #expect(try await Set(scene.keys) == [object.path, copy.path])
        }
        try await StoreScene.with(role: role) { scene in
            let object = StorageKey.source(of: scene.job, tenant: scene.tenant)
            try await scene.storage.write(bytes, as: object)
            let old = role.key
            role.key = try await store.temporaryKey()
            try await store.expire(old)
            let file = try await scene.storage.localFile(object)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == Data(bytes))
        }
    }

    @Test func `an upload in parts that lasts longer than its keys is whole`() async throws {
        let store = try await ObjectStore.shared()
        let clock = TestClock()
        var keys: [RoleSimulator.Key] = []
        for _ in 0..<4 { keys.append(try await store.temporaryKey(expires: clock.now() + .seconds(3600))) }
        let role = try RoleSimulator(keys[0])
        var generator = SeededGenerator(seed: 11)
        let bytes = generator.bytes(16 << 20)
        // Each look at the clock finds it 50 minutes later, so every key serves one or two of the five calls.
        let later = Later(clock, role, keys)
        try await StoreScene.with(
            sizes: S3Sizes(single: 5 << 20, part: 5 << 20), role: role, at: .webIdentity, clock: later.now
        ) { scene in
            let object = StorageKey.source(of: scene.job, tenant: scene.tenant)
            try await scene.storage.adopt(fileAt: try scene.file(bytes), as: object)
            #expect(role.renewals >= 3)
            let file = try await scene.storage.localFile(object)
            #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == Data(bytes))
            #expect(try await store.unfinished(scene.prefix) == [])
        }
    }

    /// A clock that runs fast, and a role that has a new key by then.
    private final class Later: Sendable {
        private let (clock, role, keys): (TestClock, RoleSimulator, [RoleSimulator.Key])

        init(_ clock: TestClock, _ role: RoleSimulator, _ keys: [RoleSimulator.Key]) {
            (self.clock, self.role, self.keys) = (clock, role, keys)
        }

        var now: @Sendable () -> Timestamp {
            { [self] in
                clock.advance(by: .seconds(1500))
                let now = clock.now()
                if role.key.expires <= now + .seconds(2000) {
                    var next = keys[(keys.firstIndex { $0.id == role.key.id }.map { $0 + 1 } ?? 0) % keys.count]
                    next.expires = now + .seconds(3600)
                    role.key = next
                }
                return now
            }
        }
    }
}
