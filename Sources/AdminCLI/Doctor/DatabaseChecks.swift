import Logging
import Pipeline
import Postgres
import Tenancy

/// Whether the database answers, is new enough, has our roles and exactly our schema, agrees on the time, and contains secrets that our
/// master key opens.
struct DatabaseChecks: Sendable {
    let url: String
    let migrations: String
    /// Nil if there is no valid one.
    let masterKey: MasterKey?
    let logger: Logger

    func run() async -> [Finding] {
        let pool = PostgresPool(configuration: .owner(url: url), logger: logger)
        let findings = await look(pool)
        await pool.close()
        return findings
    }

    private func look(_ pool: PostgresPool) async -> [Finding] {
        do {
            let (version, name, clock) = try await pool.transaction { transaction in
                let server = try transaction.first(
                    "SELECT current_setting('server_version_num')::int8, current_user::text",
                    as: Int64.self, String.self)
                return (server?.0 ?? 0, server?.1 ?? "", try ClockSkew.now(in: transaction))
            }
            return [Self.server(version, name), Self.clock(clock)] + (await accounts(pool))
                + [await roles(pool), await schema()] + (await rights()) + (await secrets())
        } catch {
            return [.fail("database", "\(error); fix VERBATIM_DATABASE_URL or the server")]
        }
    }

    private static func server(_ version: Int64, _ name: String) -> Finding {
        let text = "PostgreSQL \(version / 10_000).\(version % 10_000)"
        guard version >= 130_000 else { return .fail("database", "\(text) is too old; version 13 or newer is needed") }
        return .ok("database", "\(text) answers, as \(name)")
    }

    private static func clock(_ difference: ClockSkew) -> Finding {
        guard difference.isNoticeable else { return .ok("clock", "this machine and the database agree on the time") }
        let text = "\(difference.text); have both follow NTP"
        return difference.isBroken ? .fail("clock", text) : .warn("clock", text)
    }

    /// A node's user need not see every account; an operator's must. Nothing if there are no tables yet.
    private func accounts(_ pool: PostgresPool) async -> [Finding] {
        do {
            let visibility = try await pool.transaction { try OperatorVisibility.current(in: $0) }
            guard !visibility.owners.isEmpty else { return [] }
            guard !visibility.seesEveryAccount else {
                return [
                    .ok("accounts", "\(visibility.user) sees every account: nodes and operators' commands work with it")
                ]
            }
            return [
                .ok(
                    "accounts",
                    "\(visibility.user) sees one account at a time, which is enough for a node; operators' commands refuse it: "
                        + "they connect as \(visibility.owners.joined(separator: " or "))")
            ]
        } catch {
            return [.fail("accounts", "\(error)")]
        }
    }

    private func roles(_ pool: PostgresPool) async -> Finding {
        do {
            let rows = try await pool.transaction { transaction in
                try transaction.all(
                    """
                    SELECT rolname::text, rolsuper OR rolbypassrls OR rolcanlogin, pg_has_role(current_user, oid,
                        CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END)
                    FROM pg_roles WHERE rolname IN ('verbatim_app', 'verbatim_system') ORDER BY 1
                    """, as: String.self, Bool.self, Bool.self)
            }
            guard rows.count == 2 else {
                return .fail("roles", "verbatim_app and verbatim_system are missing: run 'verbatim-admin migrate'")
            }
            if let mighty = rows.first(where: { $0.1 }) {
                return .fail(
                    "roles",
                    "\(mighty.0) has rights that it must not have: ALTER ROLE \(mighty.0) NOLOGIN NOSUPERUSER NOBYPASSRLS"
                )
            }
            if let closed = rows.first(where: { !$0.2 }) {
                return .fail(
                    "roles", "this user may not switch to \(closed.0): GRANT verbatim_app, verbatim_system TO it")
            }
            return .ok("roles", "verbatim_app and verbatim_system are there, and this user may switch to them")
        } catch {
            return .fail("roles", "\(error)")
        }
    }

    /// Tries the master key, as a node does at its start. Nothing if the roles or the schema are wrong, which other checks report.
    private func secrets() async -> [Finding] {
        guard let masterKey else { return [] }
        let pool = PostgresPool(
            configuration: .init(url: url, role: "verbatim_system", size: 1, applicationName: "verbatim-admin"),
            logger: logger)
        let finding: Finding?
        do {
            try await pool.transaction { try masterKey.requireRight(in: $0) }
            finding = .ok("master key", "opens what the database holds")
        } catch is SealedSecretError {
            finding = .fail(
                "master key",
                "VERBATIM_MASTER_KEY is not the key that encrypted the database's secrets; no node starts with it"
            )
        } catch {
            finding = nil
        }
        await pool.close()
        return finding.map { [$0] } ?? []
    }

    private func schema() async -> Finding {
        do {
            let migrator = try Migrator(directory: migrations)
            let others = try await migrator.requireSchema(url: url, logger: logger)
            guard !others.isEmpty else { return .ok("schema", "current, at migration \(migrator.migrations.count)") }
            let names = others.map(\.fileName).joined(separator: ", ")
            return .warn(
                "schema",
                others[0].state == .pending
                    ? "works, but lacks \(names): run 'verbatim-admin migrate' when all nodes have this version"
                    : "works, but is newer than this version: it has \(names); upgrade this node")
        } catch {
            return .fail("schema", "\(error)")
        }
    }
}
