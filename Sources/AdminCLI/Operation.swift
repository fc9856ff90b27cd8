import ArgumentParser
import Foundation
import Logging
import Postgres
import Settings
import Tenancy

/// What a command needs of its surroundings, and how its faults are told: one sentence on standard error, exit status 1.
struct Operation {
    let migrator: Migrator
    let databaseURL: String
    let pool: PostgresPool
    let logger: Logger

    /// Runs `body` against the database; the schema must be current unless `anySchema`.
    static func run<T>(anySchema: Bool = false, _ body: (Operation) async throws -> T) async throws -> T {
        do {
            let reader = SettingsReader()
            let installation = Installation(reader: reader)
            let url = reader.required(
                "VERBATIM_DATABASE_URL", hint: "a libpq URL, such as postgresql://verbatim@db.example/verbatim")
            try reader.finish()
            var logger = Logger(label: "verbatim-admin") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .error
            let operation = Operation(
                migrator: try Migrator(directory: installation.migrations), databaseURL: url,
                pool: PostgresPool(configuration: .owner(url: url), logger: logger), logger: logger)
            if !anySchema { try await operation.migrator.requireCurrent(url: url, logger: logger) }
            let result = try await body(operation)
            await operation.pool.close()
            return result
        } catch let error as ExitCode {
            throw error
        } catch {
            FileHandle.standardError.write(Data("verbatim-admin: \(error)\n".utf8))
            throw ExitCode.failure
        }
    }
}

/// A fault that the operator can mend, in one sentence.
struct OperatorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// What every command takes.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Answer in JSON, for machines.")
    var json = false
}

/// What every command takes that changes something.
struct ChangeOptions: ParsableArguments {
    @Option(name: .customLong("as"), help: "Whose change this is, for the audit log. Default: $USER.")
    var `operator`: String?

    func validate() throws {
        if `operator`?.trimmingCharacters(in: .whitespaces).isEmpty == true {
            throw ValidationError("--as must name somebody.")
        }
    }

    var operatorName: String {
        let environment = ProcessInfo.processInfo.environment
        let names = [`operator`, environment["USER"], environment["LOGNAME"]]
        return names.compactMap { $0 }.first { !$0.isEmpty } ?? "uid \(getuid())"
    }
}
