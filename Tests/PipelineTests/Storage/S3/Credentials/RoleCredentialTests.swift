import Egress
import Foundation
import Pipeline
import Postgres
import Settings
import TestSupport
import Testing

/// The credentials of a role: first use, renewal, failures.
@Suite struct RoleCredentialTests {
    @Test(arguments: RoleSimulator.Place.allCases)
    func `the first call fetches the key, and further calls ask for nothing`(_ place: RoleSimulator.Place) async throws
    {
        try await RoleScene.with(place) { scene in
            #expect(scene.role.requests == [])
            for _ in 0..<5 {
                let used = try await scene.used()
                #expect(used == "first")
            }
            switch place {
            case .instance:
                let folder = "/latest/meta-data/iam/security-credentials/"
                #expect(
                    scene.role.requests == [
                        "PUT /latest/api/token", "GET \(folder)", "GET \(folder)\(RoleSimulator.role)",
                    ])
            case .container: #expect(scene.role.requests == ["GET /v1/credentials"])
            case .webIdentity: #expect(scene.role.requests == ["POST /"])
            }
            let end = scene.role.key.expires.rfc3339
            #expect(await scene.provider.description.hasSuffix("valid until \(end)"))
        }
    }

    @Test(arguments: RoleSimulator.Place.allCases)
    func `it is renewed before it expires, and meanwhile the old one is used`(_ place: RoleSimulator.Place) async throws
    {
        try await RoleScene.with(place) { scene in
            #expect(try await scene.used() == "first")
            scene.give("second", for: .seconds(7200))
            // Ten minutes before the end at the earliest.
            scene.clock.advance(by: .seconds(2990))
            #expect(try await scene.used() == "first")
            #expect(scene.role.renewals == 1)
            scene.role.hold()
            scene.clock.advance(by: .seconds(320))
            // Nobody waits for the request.
            #expect(try await scene.used() == "first")
            try await eventually("it is asked for") { scene.role.renewals == 2 }
            #expect(try await scene.used() == "first")
            scene.role.release()
            try await eventually("the new key is used") { try await scene.used() == "second" }
            #expect(scene.role.renewals == 2)
        }
    }

    @Test(arguments: RoleSimulator.Place.allCases)
    func `however many calls need a key, one request is made`(_ place: RoleSimulator.Place) async throws {
        try await RoleScene.with(place) { scene in
            for (name, renewals) in [("first", 1), ("second", 2)] {
                scene.role.hold()
                let names = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<100 { group.addTask { try await scene.used() } }
                    try await eventually("it is asked for") { scene.role.renewals == renewals }
                    scene.role.release()
                    return try await group.reduce(into: Set()) { $0.insert($1) }
                }
                #expect(names == [name])
                #expect(scene.role.renewals == renewals)
                scene.clock.advance(by: .seconds(3601))
                scene.give("second")
            }
        }
    }

    @Test func `a caller that is cancelled takes nothing from the others`() async throws {
        try await RoleScene.with(.container) { scene in
            scene.role.hold()
            let cancelled = Task { try await scene.used() }
            try await eventually("it is asked for") { scene.role.renewals == 1 }
            cancelled.cancel()
            let other = Task { try await scene.used() }
            scene.role.release()
            #expect(try await other.value == "first")
            #expect(scene.role.renewals == 1)
        }
    }

    @Test(arguments: RoleSimulator.Place.allCases)
    func `if a renewal fails, the old key is used while it is valid, and the endpoint is not asked all the time`(
        _ place: RoleSimulator.Place
    ) async throws {
        try await RoleScene.with(place) { scene in
            #expect(try await scene.used() == "first")
            scene.give("second")
            scene.role.fail(.answer(500, body: RoleScene.secret))
            scene.clock.advance(by: .seconds(3310))
            #expect(try await scene.used() == "first")
            try await eventually("the failure is logged") { scene.log.text.contains("could not be renewed yet") }
            // With one repetition.
            #expect(scene.role.renewals == 3)
            for _ in 0..<10 { #expect(try await scene.used() == "first") }
            #expect(scene.role.renewals == 3)
            scene.role.fail(nil)
            scene.clock.advance(by: .seconds(61))
            #expect(try await scene.used() == "first")
            try await eventually("the new key is used") { try await scene.used() == "second" }
            #expect(scene.role.renewals == 4)
        }
    }

    @Test(arguments: [RoleSimulator.Place.container, .webIdentity])
    func `once the old key has expired, calls fail as if the store were away, in one go`(_ place: RoleSimulator.Place)
        async throws
    {
        try await RoleScene.with(place) { scene in
            let first = try await scene.used()
            #expect(first == "first")
            scene.give("second", for: .seconds(7200))
            scene.role.fail(.hangUp)
            scene.clock.advance(by: .seconds(3601))
            #expect(await scene.fault()?.isAway == true)
            let asked = scene.role.renewals
            for _ in 0..<10 { #expect(await scene.fault()?.isAway == true) }
            #expect(scene.role.renewals == asked)
            scene.clock.advance(by: .seconds(3))
            scene.role.fail(nil)
            let second = try await scene.used()
            #expect(second == "second")
        }
    }

    @Test func `a clock that is set back prolongs no pause`() async throws {
        try await RoleScene.with(.container) { scene in
            scene.role.fail(.hangUp)
            #expect(await scene.fault()?.isAway == true)
            scene.role.fail(nil)
            scene.clock.advance(by: .seconds(-7200))
            let used = try await scene.used()
            #expect(used == "first")
        }
    }

    @Test func `an instance's key that has expired is used while there is no other, as AWS's clients do`() async throws
    {
        try await RoleScene.with(.instance) { scene in
            #expect(try await scene.used() == "first")
            scene.role.failAll(.hangUp)
            scene.clock.advance(by: .seconds(3601))
            #expect(try await scene.used() == "first")
            let asked = scene.role.requests.count
            for _ in 0..<10 { #expect(try await scene.used() == "first") }
            #expect(scene.role.requests.count == asked)
            #expect(scene.log.text.contains("are used until there are new ones"))
            #expect(await scene.provider.description.contains("expired at"))
            // It serves an old key again.
            scene.role.fail(nil)
            scene.role.key = RoleScene.key("stale", until: scene.clock.now() - .seconds(60))
            scene.clock.advance(by: .seconds(601))
            try await eventually("what it serves is used") { try await scene.used() == "stale" }
            scene.clock.advance(by: .seconds(601))
            scene.give("second")
            try await eventually("the new key is used") { try await scene.used() == "second" }
        }
    }

    @Test(arguments: [RoleSimulator.Place.container, .webIdentity])
    func `an expired key of other endpoints is not used`(_ place: RoleSimulator.Place) async throws {
        try await RoleScene.with(place, life: .seconds(-5)) { scene in
            let fault = await scene.fault()
            #expect(fault?.isAway == true && fault?.description.contains("clock") == true)
        }
    }

    @Test func `a key of a few minutes is used for half of its time`() async throws {
        try await RoleScene.with(.container, life: .seconds(120)) { scene in
            #expect(try await scene.used() == "first")
            scene.clock.advance(by: .seconds(59))
            #expect(try await scene.used() == "first")
            #expect(scene.role.renewals == 1)
            scene.give("second")
            scene.clock.advance(by: .seconds(2))
            try await eventually("the new key is used") { try await scene.used() == "second" }
        }
    }

    @Test func `a replacement is asked for once, and given to all whose key was rejected`() async throws {
        try await RoleScene.with(.webIdentity) { scene in
            let old = try await scene.provider.current()
            scene.give("second")
            let found = await withTaskGroup(of: S3Credentials?.self) { group in
                for _ in 0..<50 { group.addTask { await scene.provider.replacement(for: old) } }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let new = try await scene.provider.current()
            #expect(new != old && found.allSatisfy { $0 == new })
            #expect(scene.role.renewals == 2)
            // A store that rejects everything.
            for _ in 0..<10 { #expect(await scene.provider.replacement(for: new) == nil) }
            #expect(scene.role.renewals == 2)
            scene.clock.advance(by: .seconds(21))
            #expect(await scene.provider.replacement(for: new) == nil)
            #expect(scene.role.renewals == 3)
        }
    }

    @Test(arguments: RoleSimulator.Place.allCases)
    func `an endpoint that does not answer is given up`(_ place: RoleSimulator.Place) async throws {
        try await RoleScene.with(place, delays: [], timeout: nil) { scene in
            scene.role.failAll(.silence)
            let fault = await scene.fault()
            #expect(fault?.isAway == true && fault?.description.contains("no complete answer in time") == true)
            // Whoever forgot the key is told so.
            #expect(fault?.description.contains("AWS_ACCESS_KEY_ID is not set") == (place == .instance))
        }
    }

    @Test(arguments: RoleSimulator.Place.allCases)
    func `what is no key is none: too long, not a document, a redirect`(_ place: RoleSimulator.Place) async throws {
        for fault in [
            RoleSimulator.Fault.answer(200), .answer(200, body: "<html>\(RoleScene.secret)</html>"),
            .answer(200, body: #"{"Code":"Success","Token":"\#(RoleScene.secret)"}"#),
            .answer(200, body: String(repeating: "x", count: 65 << 10)), .answer(302, body: RoleScene.secret),
            .answer(404, body: RoleScene.secret), .answer(403, body: RoleScene.secret), .hangUp,
        ] {
            for isFirst in [false, true] {
                try await RoleScene.with(place) { scene in
                    if isFirst { scene.role.failAll(fault) } else { scene.role.fail(fault) }
                    _ = await scene.fault()
                }
            }
        }
    }

    @Test func `an instance without a role, a container without its token and a token that STS rejects are told`()
        async throws
    {
        try await RoleScene.with(.instance) { scene in
            scene.role.takeRole()
            #expect(await scene.fault()?.description.contains("the instance has no role") == true)
        }
        try await RoleScene.with(.instance) { scene in
            scene.role.fail(.answer(200, body: #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"5ec4e7"}"#))
            #expect(await scene.fault()?.description.contains("AssumeRoleUnauthorizedAccess") == true)
        }
        let wrong = try TemporaryFolder()
        defer { wrong.remove() }
        try Data("Bearer another".utf8).write(to: URL(fileURLWithPath: wrong.path + "/token"))
        let setting = ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": wrong.path + "/token"]
        try await RoleScene.with(.container, more: setting) { scene in
            let fault = await scene.fault()
            #expect(fault?.description.contains("401") == true && fault?.isAway == false)
            // A header must not be split.
            try Data("a\r\nHost: b".utf8).write(to: URL(fileURLWithPath: wrong.path + "/token"))
            scene.clock.advance(by: .seconds(3))
            #expect(await scene.fault()?.description.contains("holds no token") == true)
            #expect(scene.role.requests.count == 1)
            try FileManager.default.removeItem(atPath: wrong.path + "/token")
            scene.clock.advance(by: .seconds(3))
            #expect(await scene.fault()?.description.contains("cannot be read") == true)
        }
        try await RoleScene.with(.webIdentity, more: ["AWS_ROLE_ARN": "arn:another"]) { scene in
            #expect(await scene.fault()?.description.contains("may not assume AWS_ROLE_ARN") == true)
        }
    }

    @Test func `a web identity's token is read anew for each renewal`() async throws {
        try await RoleScene.with(.webIdentity) { scene in
            #expect(try await scene.used() == "first")
            try scene.role.write(webIdentity: "old-5ec4e7", accepts: "new-5ec4e7")
            scene.give("second", for: .seconds(7200))
            scene.clock.advance(by: .seconds(3601))
            let fault = await scene.fault()
            #expect(fault?.description.contains("ExpiredTokenException") == true && fault?.isAway == false)
            try scene.role.write(webIdentity: "new-5ec4e7")
            scene.clock.advance(by: .seconds(3))
            #expect(try await scene.used() == "second")
        }
    }
}
