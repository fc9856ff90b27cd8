import ArgumentParser
import Pipeline
import Postgres
import Tenancy

struct TenantExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Export all data of an account, for its customer.",
        discussion: """
            Writes JSON Lines: one object a line, whose 'type' says what it is: account, limits, own_limits, member, key, session, job, transcript, \
            corrected_transcript, speaker_name, revision, engine_copy, idempotency_key, month, usage_alert, reservation, usage, adjustment, statement_line, \
            statement_parties, billing_details, statement_name, webhook_endpoint, delivery, delivery_attempt, audit. All of it is of the same moment. It contains no secrets, no operators' names, no recordings, and no words of unfinished jobs. \
            Only its owner may read the file. An existing file is overwritten only with --force.

            Example:
              verbatim-admin tenant export ten_01J… --output example.jsonl
            """)

    @Argument(help: "The account's id.")
    var tenantID: TenantID
    @Option(help: "The file to write. Default: standard output.")
    var output: String?
    @Flag(help: "Overwrite an existing file.")
    var force = false
    @OptionGroup var change: ChangeOptions
    @Flag(help: "Print the number of lines as JSON. The export itself is always JSON.")
    var json = false

    func validate() throws {
        if output?.isEmpty == true { throw ValidationError("--output must name a file.") }
        if force, output == nil { throw ValidationError("--force goes with --output.") }
    }

    private struct Answer: Encodable {
        let tenant_id, output: String
        let lines: Int
    }

    func run() async throws {
        try await Operation.run { operation in
            let (id, operatorName) = (tenantID, change.operatorName)
            if let output { try ExportFile.check(output, force: force) }
            // Recorded before a byte is exported.
            try await operation.pool.transaction { transaction in
                _ = try Tenant.required(id, in: transaction)
                try AuditEntry(operator: operatorName, action: "tenant export", tenant: id).record(in: transaction)
            }
            if let output { try await write(to: output, operation) } else { try await print(operation) }
        }
    }

    private func write(to path: String, _ operation: Operation) async throws {
        let (export, force) = (TenantExport(of: tenantID), force)
        let lines = try await operation.reading { transaction in
            try ExportFile.write(to: path, force: force) { (file: inout ExportFile) -> Int in
                var lines = 0
                try export.forEachLine(in: transaction) { line in
                    try file.write(line + "\n")
                    lines += 1
                }
                return lines
            }
        }
        try Output.show(
            Answer(tenant_id: tenantID.rawValue, output: path, lines: lines), json: json,
            text: "Wrote \(lines) lines about \(tenantID) to \(path).")
    }

    private func print(_ operation: Operation) async throws {
        let export = TenantExport(of: tenantID)
        try await operation.reading { transaction in
            var output = StandardOutput()
            try export.forEachLine(in: transaction) { try output.write($0 + "\n") }
            try output.flush()
        }
    }
}
