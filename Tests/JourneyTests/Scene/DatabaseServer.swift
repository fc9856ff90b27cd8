import Foundation
import Logging
import Postgres
import TestSupport
import Testing

/// A PostgreSQL server for one test, with an empty database for Verbatim as docs/operations.md recommends: an owner who is not a superuser,
/// and a user for the nodes.
struct DatabaseServer: Sendable {
    /// The URL of a superuser.
    let superuser: String
    /// The URL of the owner of the tables.
    let owner: String
    let service: String

    /// - Parameters:
    ///   - owner: the name of the owner of the tables.
    ///   - isPrepared: creates owner, user and database. If false, the server is empty.
    static func withFresh<T: Sendable>(
        owner: String = "verbatim_owner", isPrepared: Bool = true, _ body: (DatabaseServer) async throws -> T
    ) async throws -> T {
        try await TestCluster.withFresh { cluster in
            let server = DatabaseServer(
                superuser: cluster.url, owner: try cluster.url(database: "verbatim", user: owner),
                service: try cluster.url(database: "verbatim", user: "verbatim_service"))
            if isPrepared {
                let commands = [
                    "CREATE ROLE \(owner) LOGIN CREATEROLE", "CREATE ROLE verbatim_service LOGIN",
                    "CREATE DATABASE verbatim OWNER \(owner)",
                ]
                try await server.sql(commands, as: server.superuser)
            }
            return try await body(server)
        }
    }

    func sql(_ commands: [String], as url: String) async throws {
        let result = try await Command.run(
            "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", url] + commands.flatMap { ["-c", $0] })
        try #require(result.status == 0, "\(result.errors)")
    }

    /// Grants the nodes' user its roles, as the documentation says to do after a migration.
    func admitService() async throws {
        try await sql(["GRANT verbatim_app, verbatim_system TO verbatim_service"], as: owner)
    }

    /// Calls `verbatim-admin` as the owner.
    func admin(_ arguments: String..., settings: [String: String] = [:]) async throws -> Command.Result {
        try await Operator.call(arguments, settings: ["VERBATIM_DATABASE_URL": owner].merging(settings) { $1 })
    }

    /// The output of a call that must succeed.
    func answer(_ arguments: String..., settings: [String: String] = [:]) async throws -> String {
        let result = try await Operator.call(
            arguments, settings: ["VERBATIM_DATABASE_URL": owner].merging(settings) { $1 })
        try #require(result.status == 0, "\(result.errors)\(result.output)")
        return result.output
    }
}
