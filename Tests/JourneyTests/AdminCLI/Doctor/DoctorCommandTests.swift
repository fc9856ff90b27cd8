import AssemblyAISimulator
import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct DoctorCommandTests {
    private static let masterKey = String(repeating: "5e", count: 32)

    /// A node's environment in which everything is right.
    private static func environment(_ tenants: Tenants, _ folder: TemporaryFolder) throws -> [String: String] {
        for name in ["storage", "scratch"] {
            try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
            chmod("\(folder.path)/\(name)", 0o700)
        }
        return [
            "VERBATIM_DATABASE_URL": tenants.database.url, "VERBATIM_MASTER_KEY": masterKey,
            "VERBATIM_STORAGE": "file://\(folder.path)/storage", "VERBATIM_SCRATCH": "\(folder.path)/scratch",
            "VERBATIM_SCRATCH_BYTES": "1000000",
        ]
    }

    private static func with(_ body: (Tenants, TemporaryFolder, [String: String]) async throws -> Void) async throws {
        try await Tenants.with { tenants in
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            try await body(tenants, folder, try environment(tenants, folder))
        }
    }

    private static func report(_ environment: [String: String], status: Int32) async throws -> DoctorReport {
        let result = try await Operator.call(["doctor", "--json"], settings: environment)
        #expect(result.status == status, "\(result.output)")
        for secret in [masterKey, "hunter2", environment["VERBATIM_DATABASE_URL"] ?? masterKey] {
            #expect(!result.output.contains(secret) && !result.errors.contains(secret))
        }
        return try DoctorReport(result)
    }

    @Test func `a node that has everything is well, and nothing is left behind`() async throws {
        try await Self.with { _, folder, environment in
            let report = try await Self.report(environment, status: 0)
            #expect(report.ok && report.failed.isEmpty)
            for check in [
                "settings", "database", "roles", "schema", "clock", "storage", "scratch", "model server",
                "whisper model",
                "speaker models", "media tool", "yt-dlp", "master key", "description", "accounts", "open files",
            ] {
                #expect(report.state(check) == "ok", "\(check): \(report.message(check))")
            }
            #expect(report.message("yt-dlp").hasSuffix(" works"))
            #expect(report.message("database").contains("PostgreSQL"))
            #expect(try folder.files.isEmpty)
            let text = try await Operator.call(["doctor"], settings: environment)
            #expect(text.status == 0)
            #expect(text.output.contains("ok     schema"))
        }
    }

    @Test func `the limit on open files is told, with what follows from it`() async throws {
        try await Self.with { _, _, environment in
            func check(_ limit: Int) async throws -> DoctorReport.Check? {
                let result = try await Command.run(
                    "/usr/bin/prlimit",
                    ["--nofile=\(limit):\(limit)", Checkout.executable("verbatim-admin"), "doctor", "--json"],
                    environment: environment)
                return try DoctorReport(result).checks.first { $0.check == "open files" }
            }
            let ample = try #require(try await check(20_000))
            #expect(ample.state == "ok")
            #expect(ample.message == "20000 at most: 4096 connections and 512 uploads at the same time")
            let scarce = try #require(try await check(1_024))
            #expect(scarce.state == "warn")
            #expect(scarce.message.hasPrefix("1024 at most: ") && scarce.message.contains("LimitNOFILE="))
            let short = try #require(try await check(200))
            #expect(short.state == "fail")
            #expect(short.message.hasPrefix("200 at most, and a node needs "))
        }
    }

    @Test func `another master key, and an installation without its description, are told as a node would find them`()
        async throws
    {
        try await Self.with { tenants, folder, environment in
            // Sealed under another key.
            try await tenants.makeSecrets()
            let home = folder.path + "/home"
            try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
            for name in ["sql", "inference", "ingest"] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(home)/\(name)", withDestinationPath: "\(Checkout.root)/\(name)")
            }
            let wrong = environment.merging(["VERBATIM_HOME": home]) { $1 }
            let report = try await Self.report(wrong, status: 1)
            #expect(report.failed == ["master key", "description"])
            let node = try await Command.run(Checkout.executable("verbatim"), ["api"], environment: wrong)
            #expect(node.status == 1 && node.errors.contains("VERBATIM_MASTER_KEY is not the key"))
        }
    }

    @Test func `all faults of the settings are told at once, without values`() async throws {
        let report = try await Self.report(
            [
                "VERBATIM_LISTEN": "nowhere", "VERBATIM_MASTER_KEY": "hunter2", "VERBATIM_STORAGE": "ftp://x",
                "VERBATIM_WORKER_SLOTS": "0", "VERBATIM_LOG_LEVEL": "loud", "VERBATIM_INFERENCE_URL": "gopher://x",
                "VERBATIM_ENGINE": "assemblyai", "VERBATIM_PUBLIC_URL": "x", "VERBATIM_SCRATCH_BYTES": "many",
            ], status: 1)
        let told = report.checks.filter { $0.check == "settings" }.map(\.message).joined(separator: "\n")
        for name in [
            "VERBATIM_DATABASE_URL", "VERBATIM_LISTEN", "VERBATIM_MASTER_KEY", "VERBATIM_STORAGE",
            "VERBATIM_WORKER_SLOTS", "VERBATIM_LOG_LEVEL", "VERBATIM_INFERENCE_URL", "VERBATIM_ASSEMBLYAI_API_KEY",
            "VERBATIM_PUBLIC_URL", "VERBATIM_SCRATCH_BYTES",
        ] {
            #expect(told.contains(name), "\(name)")
        }
        #expect(report.state("media tool") == "ok")
    }

    /// Every setting that the documents name, given a value that it does not take: a setting that a node refuses and the doctor does not look
    /// at shows here.
    @Test func `the doctor finds the faults at which a node stops`() async throws {
        let names = try String(contentsOfFile: Checkout.root + "/docs/self-hosting.md", encoding: .utf8)
            .matches(of: /\| `(VERBATIM_[A-Z_]+)` \|/).map { String($0.output.1) }
        #expect(names.count >= 19)
        var environment = Dictionary(uniqueKeysWithValues: names.map { ($0, ",") })
        environment["VERBATIM_HOME"] = Checkout.root
        for name in ["VERBATIM_TRUSTED_PROXIES", "VERBATIM_EGRESS_ALLOW"] { environment[name] = "nowhere" }
        for (engine, address) in [(",", ","), ("assemblyai", "[]:8080")] {
            environment["VERBATIM_ENGINE"] = engine
            environment["VERBATIM_LISTEN"] = address
            let node = try await Command.run(Checkout.executable("verbatim"), ["serve"], environment: environment)
            let doctor = try await Operator.call(["doctor"], settings: environment)
            #expect(node.status == 1 && doctor.status == 1)
            func names(in text: String) -> Set<String> {
                Set(text.matches(of: /VERBATIM_[A-Z_]+/).map { String($0.output) })
            }
            let faults = names(in: node.errors)
            let found = doctor.output.split(separator: "\n").filter { $0.hasPrefix("FAIL   settings") }
            #expect(faults.count >= 12)
            #expect(faults.isSuperset(of: ["VERBATIM_TRUSTED_PROXIES", "VERBATIM_EGRESS_ALLOW", "VERBATIM_LISTEN"]))
            #expect(faults == names(in: found.joined()))
        }
    }

    @Test func `an object store is tried, and a wrong key is told without being shown`() async throws {
        let store = try await ObjectStore.shared()
        try await Self.with { _, _, environment in
            let settings = environment.merging(store.settings(prefix: "doctor")) { $1 }
            let well = try await Self.report(settings, status: 0)
            #expect(well.state("storage") == "ok", "\(well.message("storage"))")
            #expect(try await store.keys("doctor/") == [])
            let wrong = try await Self.report(
                settings.merging(["AWS_SECRET_ACCESS_KEY": "hunter2"]) { $1 }, status: 1)
            #expect(wrong.failed == ["storage"])
            #expect(wrong.message("storage").contains("AWS_SECRET_ACCESS_KEY does not belong"))
            let unset = try await Self.report(settings.merging(["AWS_SECRET_ACCESS_KEY": ""]) { $1 }, status: 1)
            #expect(unset.failed == ["settings"] && unset.message("settings").contains("AWS_SECRET_ACCESS_KEY"))
        }
    }

    @Test func `a role is named with the end of its key, and why it has none`() async throws {
        let store = try await ObjectStore.shared()
        let role = try RoleSimulator(try await store.temporaryKey())
        try await Self.with { _, _, environment in
            let common = environment.merging(store.settings(prefix: "doctor-role")) { $1 }
                .filter { !store.keySettings.keys.contains($0.key) }
            for (place, name) in [
                (RoleSimulator.Place.instance, "the instance's role"), (.container, "the container's role"),
                (.webIdentity, "the role AWS_ROLE_ARN, by web identity"),
            ] {
                let settings = common.merging(role.settings(place)) { $1 }
                let well = try await Self.report(settings, status: 0)
                #expect(well.message("storage").contains("\(name), valid until \(role.key.expires)"))
                for secret in [role.key.id, role.key.secret, role.key.token] {
                    #expect(!well.message("storage").contains(secret))
                }
            }
            role.takeRole()
            let without = try await Self.report(common.merging(role.settings(.instance)) { $1 }, status: 1)
            #expect(without.failed == ["storage"])
            #expect(without.message("storage").contains("the instance has no role"))
        }
    }

    @Test func `who only serves may ask too, once the roles are granted`() async throws {
        try await Self.with { tenants, _, environment in
            let name = "service_\(UInt64.random(in: 0 ... .max))"
            try await tenants.owner.execute("CREATE ROLE \(unescaped: name) LOGIN PASSWORD 'hunter2'")
            var url = try #require(URLComponents(string: tenants.database.url))
            (url.user, url.password) = (name, "hunter2")
            let service = environment.merging(["VERBATIM_DATABASE_URL": try #require(url.string)]) { $1 }
            let stranger = try await Self.report(service, status: 1)
            #expect(stranger.failed == ["roles"])
            #expect(stranger.message("roles").contains("GRANT verbatim_app"))
            try await tenants.owner.execute("GRANT verbatim_app, verbatim_system TO \(unescaped: name)")
            let report = try await Self.report(service, status: 0)
            #expect(report.state("roles") == "ok" && report.state("schema") == "ok")
            // Enough for a node, and said to whoever means to be an operator.
            let owner = try await tenants.owner.query("SELECT current_user::text")[0].decode(String.self)
            #expect(report.state("accounts") == "ok")
            #expect(report.message("accounts").hasSuffix("operators' commands refuse it: they connect as \(owner)"))
            try await tenants.owner.execute("DROP ROLE \(unescaped: name)")
        }
    }

    @Test func `a database that is old or gone is told, and what to do`() async throws {
        try await Self.with { _, _, environment in
            try await withTestDatabase(waitsForPlace: false) { empty in
                let old = try await Self.report(
                    environment.merging(["VERBATIM_DATABASE_URL": empty.url]) { $1 }, status: 1)
                #expect(old.failed == ["schema"])
                #expect(old.message("schema").contains("verbatim-admin migrate"))
            }
            let gone = try await Self.report(
                environment.merging(["VERBATIM_DATABASE_URL": "postgresql://u:hunter2@/none?host=/nowhere"]) { $1 },
                status: 1)
            #expect(gone.failed == ["database"])
        }
    }

    @Test func `folders that cannot be used are told`() async throws {
        try await Self.with { _, folder, environment in
            chmod("\(folder.path)/scratch", 0o777)
            try Data([1]).write(to: URL(fileURLWithPath: folder.path + "/file"))
            let report = try await Self.report(
                environment.merging(["VERBATIM_STORAGE": "file://\(folder.path)/file"]) { $1 }, status: 1)
            #expect(report.failed == ["storage", "scratch"])
            #expect(report.message("scratch").contains("chmod go-w"))
            let fresh = try await Self.report(
                environment.merging([
                    "VERBATIM_STORAGE": "file://\(folder.path)/new", "VERBATIM_SCRATCH": "\(folder.path)/new/scratch",
                ]) { $1 }, status: 0)
            #expect(fresh.state("storage") == "warn")
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/new"))
        }
    }

    @Test func `engines that do not answer, or refuse us, are told`() async throws {
        try await Self.with { _, _, environment in
            let closed = try await Self.report(
                environment.merging([
                    "VERBATIM_INFERENCE_URL": "http://127.0.0.1:9", "VERBATIM_WHISPER_URL": "http://127.0.0.1:9",
                ]) { $1 }, status: 1)
            #expect(closed.failed == ["model server", "whisper server"])
            let missing = try await Self.report(
                environment.merging(["VERBATIM_WHISPER_MODEL": "/nowhere/model"]) { $1 }, status: 1)
            #expect(missing.failed == ["whisper model"])

            try await AssemblyAISimulator.with { simulator in
                let account = ["VERBATIM_ENGINE": "assemblyai,whisper", "VERBATIM_ASSEMBLYAI_URL": simulator.url]
                let right = ["VERBATIM_ASSEMBLYAI_API_KEY": SimulatorSettings().apiKey]
                let wrong = ["VERBATIM_ASSEMBLYAI_API_KEY": "hunter2"]
                let taken = try await Self.report(
                    environment.merging(account) { $1 }.merging(right) { $1 }, status: 0)
                #expect(taken.state("assemblyai") == "ok")
                let refused = try await Self.report(
                    environment.merging(account) { $1 }.merging(wrong) { $1 }, status: 1)
                #expect(refused.failed == ["assemblyai"])
                #expect(refused.message("assemblyai").contains("VERBATIM_ASSEMBLYAI_API_KEY"))
                let away = ["VERBATIM_ASSEMBLYAI_URL": "http://127.0.0.1:9"]
                let fallback = try await Self.report(
                    environment.merging(account) { $1 }.merging(right) { $1 }.merging(away) { $1 }, status: 0)
                #expect(fallback.state("assemblyai") == "warn")
            }
        }
    }

    @Test func `a yt-dlp that is missing, broken or old is told, and what to do`() async throws {
        try await Self.with { _, _, environment in
            let home = try YtDlpHome()
            defer { home.remove() }
            func finding() async throws -> (state: String?, message: String) {
                let report = try await Self.report(environment.merging(home.environment) { $1 }, status: 0)
                return (report.state("yt-dlp"), report.message("yt-dlp"))
            }
            let missing = try await finding()
            #expect(missing.state == "warn")
            #expect(missing.message.contains("not installed") && missing.message.contains("ingest/install"))
            try home.pretend(version: "2026.1.31", works: false)
            let broken = try await finding()
            #expect(broken.state == "warn")
            #expect(broken.message.contains("does not start") && broken.message.contains("remove ingest/.venv"))
            try home.pretend(version: "2026.1.31", works: true)
            let old = try await finding()
            #expect(old.state == "warn")
            #expect(old.message.contains("2026.1.31 works") && old.message.contains("older than \(home.pinned)"))
            try home.pretend(version: "2031.1.1", works: true)
            let new = try await finding()
            #expect(new.state == "ok")
            #expect(new.message.contains("newer than \(home.pinned)"))
            #expect(new.message.contains("QuickJS 0.17.0.2"))
            // It works without, but not for the sites that people name first.
            try home.pretend(version: home.pinned, works: true, javaScript: nil)
            let silent = try await finding()
            #expect(silent.state == "warn")
            for words in ["\(home.pinned) works", "JavaScript", "is not installed", "YouTube", "ingest/install"] {
                #expect(silent.message.contains(words), "\(silent.message)")
            }
            try home.pretend(version: "2031.1.1", works: true, javaScript: YtDlpHome.report(files: false))
            let open = try await finding()
            #expect(open.state == "warn")
            #expect(open.message.contains("not sandboxed") && open.message.contains("ytdlp update"), "\(open.message)")
        }
    }
}
