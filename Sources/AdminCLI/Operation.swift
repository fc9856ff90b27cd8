import ArgumentParser
import Foundation
import Logging
import Postgres
import Settings
import Tenancy

/// What a command needs of its surroundings. It reports an error as one sentence on standard error, with exit status 1.
struct Operation {
    let migrator: Migrator
    let databaseURL: String
    let pool: PostgresPool
    let logger: Logger

    /// What a command needs the database's user to be.
    enum Need {
        /// A user that sees every account; the schema must be current.
        case everyAccount
        /// The tables' owner, if there are tables; the schema may be any.
        case ownership
        /// Any user; the schema may be any.
        case nothing
    }

    /// Runs `body` against the database, after checking that the database's user is what the command needs.
    static func run<T>(_ need: Need = .everyAccount, _ body: (Operation) async throws -> T) async throws -> T {
        try await answering {
            let reader = SettingsReader()
            let installation = Installation(reader: reader)
            // Operators' commands keep settings in their sessions, which a pooler would lose.
            let url =
                reader.string("VERBATIM_DATABASE_DIRECT_URL")
                ?? reader.required(
                    "VERBATIM_DATABASE_URL", hint: "a libpq URL, such as postgresql://verbatim@db.example/verbatim")
            try reader.finish()
            var logger = Logger(label: "verbatim-admin") { StreamLogHandler.standardError(label: $0) }
            logger.logLevel = .error
            let operation = Operation(
                migrator: try Migrator(directory: installation.migrations), databaseURL: url,
                pool: PostgresPool(configuration: .owner(url: url), logger: logger), logger: logger)
            try await operation.require(need)
            let result = try await body(operation)
            await operation.pool.close()
            return result
        }
    }

    /// Runs what needs no database.
    static func answering<T>(_ body: () async throws -> T) async throws -> T {
        do {
            return try await body()
        } catch let error as ExitCode {
            throw error
        } catch {
            FileHandle.standardError.write(Data("verbatim-admin: \(Self.sentence(error).shownInLines)\n".utf8))
            throw ExitCode.failure
        }
    }

    private func require(_ need: Need) async throws {
        if case .nothing = need { return }
        let visibility = try await pool.transaction { try OperatorVisibility.current(in: $0) }
        if case .ownership = need {
            guard visibility.isOwner else { throw OperatorError(visibility.notOwnerMessage) }
            return
        }
        guard visibility.seesEveryAccount else { throw OperatorError(visibility.hiddenRowsMessage) }
        try await migrator.requireCurrent(url: databaseURL, logger: logger)
    }

    private static func sentence(_ error: any Error) -> String {
        guard let error = error as? PostgresError else { return "\(error)" }
        if error.kind == .commitOutcomeUnknown {
            return
                "the connection was lost just as the change was written, so it may have been made or not. Check before you repeat it: "
                + "if it was made, 'verbatim-admin audit' lists it"
        }
        guard error.sqlState == "42501" else { return "\(error)" }
        return "\(error); connect as the owner of the tables (VERBATIM_DATABASE_URL)"
    }
}

extension OperatorVisibility {
    private var owner: String { owners.joined(separator: " or ") }

    /// The message if a command needs every account.
    var hiddenRowsMessage: String {
        "the database's user \(user) does not see every account: rows of \(hidden.joined(separator: ", ")) are hidden from it. "
            + "Connect as \(owner), the owner of the tables (VERBATIM_DATABASE_URL)"
    }

    var notOwnerMessage: String {
        "the database's user \(user) does not own the tables. Connect as \(owner), their owner (VERBATIM_DATABASE_URL)"
    }
}

/// An error that the operator can fix, in one sentence.
struct OperatorError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The options of every command.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print JSON, for programs.")
    var json = false
}

/// The options of every command that changes something.
struct ChangeOptions: ParsableArguments {
    @Option(name: .customLong("as"), help: "Whose change this is, for the audit log. Default: $USER.")
    var `operator`: String?

    func validate() throws {
        guard let `operator` else { return }
        guard !`operator`.allSatisfy(\.isWhitespace) else { throw ValidationError("--as must name somebody.") }
        _ = try PlainName.of(`operator`, option: "--as", longest: 200)
    }

    /// The name in --as, else the environment's, if that is a valid name, else the user id.
    var operatorName: String {
        let environment = ProcessInfo.processInfo.environment
        let names = [`operator`, environment["USER"], environment["LOGNAME"]]
        return names.lazy.compactMap { $0.flatMap { try? PlainName($0, longest: 200).text } }.first ?? "uid \(getuid())"
    }
}
