import Postgres
import Tenancy
import TestSupport
import Testing

/// What a login costs, and how often one may try.
@Suite struct LoginTests {
    @Test func `a key with a wrong checksum costs neither a query nor an Argon2 run`() async throws {
        try await AuthenticationScene.run { scene in
            // Whoever asked this database would get an error.
            await scene.tenants.databases.close()
            // The best of some: other tests share the cores.
            var times: [Double] = []
            for _ in 0..<5 {
                let start = MachineClock.spare()
                for _ in 0..<1000 {
                    let key = APIKey().text
                    await #expect(throws: AuthenticationError.invalidAPIKey) {
                        try await scene.logIn(key.dropLast() + (key.hasSuffix("a") ? "b" : "a"))
                    }
                }
                times.append(MachineClock.spare() - start)
            }
            #expect(times.min().map { $0 < 1 } == true, "\(times)")
            await #expect(throws: PostgresError.self) { try await scene.logIn(APIKey().text) }
            #expect(scene.argon2.runs == 0)
        }
    }

    @Test func `a key with a right checksum that was never issued costs no Argon2 run`() async throws {
        try await AuthenticationScene.run { scene in
            for number in 0..<1000 {
                await #expect(throws: AuthenticationError.invalidAPIKey) {
                    try await scene.logIn(APIKey().text, from: "192.0.2.\(number % 2)")
                }
            }
            #expect(scene.argon2.runs == 0)
        }
    }

    @Test func `a hundred honest logins at once all succeed`() async throws {
        try await AuthenticationScene.run { scene in
            let authenticator = scene.authenticator
            var keys: [String] = []
            for _ in 0..<2 { keys.append(try await scene.tenants.issueKey(for: scene.tenants.example).text) }
            let sessions = try await withThrowingTaskGroup(of: Session.self) { [keys] group in
                for number in 0..<100 {
                    group.addTask { try await authenticator.logIn(apiKey: keys[number % 2], from: "192.0.2.1") }
                }
                return try await group.reduce(into: [Session]()) { $0.append($1) }
            }
            #expect(Set(sessions.map(\.refreshToken)).count == 100)
            #expect(scene.argon2.runs == 100)
        }
    }

    @Test func `sixty logins a minute and key, and the refused one costs no Argon2 run`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let colleague = try await scene.tenants.issueKey(for: scene.tenants.example)
            for number in 0..<60 { _ = try await scene.logIn(key.text, from: "192.0.2.\(number)") }
            await #expect(throws: RateLimited(retryAfterSeconds: 60)) { try await scene.logIn(key.text) }
            #expect(scene.argon2.runs == 60)
            _ = try await scene.logIn(colleague.text)
            scene.clock.advance(by: .seconds(60))
            _ = try await scene.logIn(key.text)
        }
    }

    @Test func `ten wrong secrets a minute lock out their own address and no other`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            let restore = try await scene.changeSecret(of: key.id)
            let runs = scene.argon2.runs
            for _ in 0..<10 {
                await #expect(throws: AuthenticationError.invalidAPIKey) {
                    try await scene.logIn(key.text, from: "198.51.100.1")
                }
            }
            for _ in 0..<3 {
                await #expect(throws: RateLimited.self) { try await scene.logIn(key.text, from: "198.51.100.1") }
            }
            #expect(scene.argon2.runs == runs + 10)
            try await restore()
            _ = try await scene.logIn(key.text, from: "192.0.2.1")
            await #expect(throws: RateLimited.self) { try await scene.logIn(key.text, from: "198.51.100.1") }
            scene.clock.advance(by: .seconds(60))
            _ = try await scene.logIn(key.text, from: "198.51.100.1")
        }
    }

    @Test func `a hundred wrong secrets at once cost ten runs and those under way, and ten are told so`() async throws {
        try await AuthenticationScene.run { scene in
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            _ = try await scene.changeSecret(of: key.id)
            let (authenticator, runs) = (scene.authenticator, scene.argon2.runs)
            let told = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        do {
                            _ = try await authenticator.logIn(apiKey: key.text, from: "198.51.100.1")
                            return false
                        } catch { return error as? AuthenticationError == .invalidAPIKey }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(told == 10)
            // Each other thread may have begun one more before the tenth was known to be wrong.
            #expect(scene.argon2.runs - runs < 10 + AuthenticationScene.argon2Threads)
        }
    }

    @Test func `six hundred calls a minute pass from a network, whatever they hold`() async throws {
        try await AuthenticationScene.run { scene in
            for _ in 0..<600 { try scene.authenticator.admitCall(from: "198.51.100.1") }
            #expect(throws: RateLimited(retryAfterSeconds: 60)) {
                try scene.authenticator.admitCall(from: "198.51.100.1")
            }
            try scene.authenticator.admitCall(from: "192.0.2.1")
        }
    }

    @Test func `six hundred keys a minute are looked up for a network, whichever node it calls`() async throws {
        try await AuthenticationScene.run { scene in
            let nodes = [scene, AuthenticationScene(scene.tenants, clock: scene.clock)]
            for number in 0..<599 {
                await #expect(throws: AuthenticationError.invalidAPIKey) {
                    try await nodes[number % 2].logIn(APIKey().text, from: "198.51.100.1")
                }
            }
            // The last call that is allowed is served to its end.
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            _ = try await scene.logIn(key.text, from: "198.51.100.1")
            for node in nodes {
                await #expect(throws: RateLimited(retryAfterSeconds: 60)) {
                    try await node.logIn(APIKey().text, from: "198.51.100.1")
                }
                // Now that it knows, before it has read the call.
                #expect(throws: RateLimited.self) { try node.authenticator.admitCall(from: "198.51.100.1") }
            }
            await #expect(throws: AuthenticationError.invalidAPIKey) {
                try await scene.logIn(APIKey().text, from: "192.0.2.1")
            }
        }
    }

    @Test func `logins and wrong secrets are counted over all nodes`() async throws {
        try await AuthenticationScene.run { scene in
            let nodes = [scene, AuthenticationScene(scene.tenants, clock: scene.clock)]
            let key = try await scene.tenants.issueKey(for: scene.tenants.example)
            for number in 0..<60 { _ = try await nodes[number % 2].logIn(key.text, from: "192.0.2.\(number)") }
            for node in nodes {
                await #expect(throws: RateLimited(retryAfterSeconds: 60)) { try await node.logIn(key.text) }
            }
            scene.clock.advance(by: .seconds(60))
            let restore = try await scene.changeSecret(of: key.id)
            for number in 0..<10 {
                await #expect(throws: AuthenticationError.invalidAPIKey) {
                    try await nodes[number % 2].logIn(key.text, from: "198.51.100.1")
                }
            }
            try await restore()
            for node in nodes {
                await #expect(throws: RateLimited.self) { try await node.logIn(key.text, from: "198.51.100.1") }
                _ = try await node.logIn(key.text, from: "192.0.2.1")
            }
        }
    }
}
