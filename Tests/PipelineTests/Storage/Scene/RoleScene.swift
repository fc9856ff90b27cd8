import Egress
import Foundation
import Logging
import Pipeline
import Postgres
import Settings
import TestSupport
import Testing

/// A role's credentials, whose endpoint and clock a test controls.
struct RoleScene {
    let role: RoleSimulator
    let clock: TestClock
    let provider: S3CredentialProvider
    let log: CapturedLog

    /// Every secret of the scene has this in it. At the end, no log may.
    static let secret = "5ec4e7"

    /// - Parameters:
    ///   - life: how long the first key is valid.
    ///   - timeout: of each request, so long that a busy machine meets it. Nil: the product's own.
    static func with(
        _ place: RoleSimulator.Place, life: Duration = .seconds(3600), more: [String: String] = [:],
        delays: [Duration] = [.milliseconds(1)], timeout: Duration? = .seconds(600),
        _ body: (RoleScene) async throws -> Void
    ) async throws {
        let clock = TestClock()
        let role = try RoleSimulator(key("first", until: clock.now() + life))
        let log = CapturedLog()
        let logger = Logger(label: "test") { _ in log }
        let client = EgressClient(logger: logger)
        let reader = SettingsReader(environment: role.settings(place).merging(more) { $1 })
        let source = try #require(CredentialSource.read(reader, region: "eu-central-1"))
        let provider = S3CredentialProvider(
            source, client: client, schedule: RetrySchedule(delays: delays, jitter: 0), timeout: timeout,
            clock: clock.now, logger: logger)
        let scene = RoleScene(role: role, clock: clock, provider: provider, log: log)
        do {
            try await body(scene)
        } catch {
            role.release()
            await client.close()
            throw error
        }
        role.release()
        await client.close()
        #expect(!log.text.contains(secret))
        #expect(await !provider.description.contains(secret))
    }

    static func key(_ name: String, until end: Timestamp) -> RoleSimulator.Key {
        RoleSimulator.Key(
            id: "ASIA\(secret)\(name)", secret: "\(secret)/\(name)", token: "\(secret)+\(name)==", expires: end)
    }

    func give(_ name: String, for life: Duration = .seconds(3600)) {
        role.key = Self.key(name, until: clock.now() + life)
    }

    /// The name of the key in use.
    func used() async throws -> String {
        let credentials = try await provider.current()
        // The only way out of it that shows the key.
        let headers = S3Signature.headers(
            "GET", host: "h", path: "/", payload: "", credentials: credentials, region: "r", at: clock.now())
        let proof = headers.first { $0.name == "Authorization" }?.value ?? ""
        let token = headers.first { $0.name == "x-amz-security-token" }?.value ?? ""
        let name = proof.firstMatch(of: /Credential=ASIA5ec4e7([^\/]*)\//).map { String($0.output.1) } ?? ""
        #expect(token == "\(Self.secret)+\(name)==")
        return name
    }

    func fault() async -> StorageError? {
        let error = await #expect(throws: StorageError.self) { _ = try await provider.current() }
        #expect(error?.description.contains(Self.secret) == false)
        return error
    }
}
