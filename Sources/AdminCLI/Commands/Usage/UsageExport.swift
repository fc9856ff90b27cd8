import ArgumentParser
import Billing
import Postgres

struct UsageExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a month's statements, its jobs or its adjustments to standard output.",
        discussion: """
            Periods include their start and exclude their end. A closed month's statements are the same, byte for byte, at every export. With \
            --detail there is a row for each job that was billed, and in CSV a column for each of the 50 most common keys of the jobs' metadata. \
            With --adjustments there is a row for each correction, with its reason and author.

            Example:
              verbatim-admin usage export --period 2026-11 --format csv > statements.csv
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case csv, json
    }

    @OptionGroup var usage: UsageOptions
    @Option(help: "How to write it: csv or json. Default: csv.")
    var format: Format?
    @Flag(help: "Export one row per job instead of one line per rate.")
    var detail = false
    @Flag(help: "Export one row per correction, with its reason and author.")
    var adjustments = false
    @Flag(help: "Begin the CSV with a byte order mark, so that Excel reads it as UTF-8.")
    var excel = false
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if detail, adjustments {
            throw ValidationError("--detail and --adjustments are two exports: take one of them.")
        }
        if excel, output.json || format == .json { throw ValidationError("--excel is for CSV.") }
        if output.json, format == .csv {
            throw ValidationError("--format csv and --json contradict each other: take one of them.")
        }
    }

    func run() async throws {
        try await Operation.run { operation in
            let (usage, detail, adjustments, format) = (
                usage, detail, adjustments, output.json ? .json : format ?? .csv
            )
            let excel = excel
            try await operation.reading { transaction in
                try usage.check(in: transaction)
                var output = StandardOutput()
                if excel { try output.write("\u{FEFF}") }
                if detail {
                    try Self.writeDetail(usage, as: format, in: transaction, to: &output)
                } else if adjustments {
                    let records = try AdjustmentRecord.all(of: usage.period, tenant: usage.tenant, in: transaction)
                    try output.write(Self.text(AdjustmentRecord.columnNames, records.map(\.row), as: format))
                } else {
                    let statements = try Statement.all(of: usage.period, tenant: usage.tenant, in: transaction)
                    try output.write(Self.text(Statement.columnNames, statements.flatMap(\.rows), as: format))
                }
                try output.flush()
            }
        }
    }

    private static func text(_ names: [String], _ rows: [[ExportColumn]], as format: Format) -> String {
        switch format {
        case .csv: ([CSV.header(names)] + rows.map { CSV.row($0.map(\.cell)) }).joined()
        case .json: ExportJSON.array(rows) + "\n"
        }
    }

    private static func writeDetail(
        _ usage: UsageOptions, as format: Format, in transaction: PostgresTransaction, to output: inout StandardOutput
    ) throws {
        let export = DetailExport(month: usage.period, tenant: usage.tenant)
        switch format {
        case .csv: try export.writeCSV(in: transaction) { try output.write($0) }
        case .json:
            var separator = "[\n"
            try export.forEach(in: transaction) { row in
                try output.write(separator + ExportJSON.object(row.columns, metadata: row.metadata, row.keyColumns))
                separator = ",\n"
            }
            try output.write(separator == "[\n" ? "[]\n" : "\n]\n")
        }
    }
}
