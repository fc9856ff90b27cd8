import ArgumentParser
import Foundation
import Logging
import Pipeline
import Postgres
import Settings

/// `doctor`: whether a node could work here, with this environment.
struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the settings, database, schema, storage, engines, models, tools and disks of a node.",
        discussion: """
            Run it as the service's user, with the service's environment. One line a check: ok, warn, or FAIL and what to do; the \
            exit status is 1 if anything fails. Values of settings are never shown.

            Example:
              verbatim-admin doctor
            """)

    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let ok: Bool
        let checks: [Finding]
    }

    /// Returns the models that nodes found rejected. Nothing if the database, its roles or its schema are wrong, which other checks report.
    private static func refused(_ url: String, _ logger: Logger) async -> [RefusedModel] {
        guard !url.isEmpty else { return [] }
        let pool = PostgresPool(
            configuration: .init(url: url, role: "verbatim_system", size: 1, applicationName: "verbatim-admin"),
            logger: logger)
        let refused = try? await pool.transaction { try RefusedModel.current(in: $0) }
        await pool.close()
        return refused ?? []
    }

    func run() async throws {
        let environment = NodeEnvironment(SettingsReader())
        let settings = environment.settings
        var logger = Logger(label: "verbatim-admin") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .critical
        var findings = environment.faults.map { Finding.fail("settings", $0) }
        if findings.isEmpty { findings.append(.ok("settings", "all can be read")) }
        findings += environment.unknown.map { .warn("unknown setting", "\($0)") }
        if !settings.databaseURL.isEmpty {
            findings += await DatabaseChecks(
                url: settings.databaseDirectURL, migrations: settings.installation.migrations,
                masterKey: environment.faults.contains { $0.contains(MasterKeySetting.name) }
                    ? nil : settings.masterKey,
                logger: logger
            ).run()
        }
        findings += await FolderChecks(
            storage: settings.storage, scratch: settings.scratch, scratchBytes: settings.scratchBytes, logger: logger
        ).run()
        findings += OpenFileChecks(
            limit: OpenFiles.reachable, slots: settings.workerSlots, fetches: settings.fetchSlots,
            shares: settings.databaseShares, measures: settings.metricsAddress != nil
        ).run()
        findings += await EngineChecks(
            environment: environment, refused: await Self.refused(settings.databaseDirectURL, logger), logger: logger
        ).run()
        findings += await ToolChecks(
            executables: settings.installation.executables, document: settings.installation.apiDocument,
            pages: YtDlpInstallation(folder: settings.installation.root + "/ingest"), logger: logger
        ).run()
        let isWell = !findings.contains { $0.state == .fail }
        let rows = findings.map { [$0.state.label, $0.check, $0.message] }
        try Output.show(
            Answer(ok: isWell, checks: findings), json: output.json,
            text: Table(headings: ["STATE", "CHECK", "FOUND"], rows: rows).text)
        if !isWell { throw ExitCode.failure }
    }
}
