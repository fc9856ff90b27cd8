import ArgumentParser
import Billing
import Postgres
import Tenancy

/// `plan`: what is sold.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Plans: what is sold.",
        discussion: """
            Example:
              verbatim-admin plan list
            """,
        subcommands: [PlanList.self, PlanCreate.self, PlanSet.self, PlanRetire.self])
}

/// A plan as `--json` shows it.
struct PlanRow: Encodable {
    let plan: Plan

    func encode(to encoder: any Encoder) throws {
        var row = encoder.container(keyedBy: NameKey.self)
        try row.encode(plan.name.rawValue, forKey: NameKey("name"))
        for limit in Limit.allCases { try row.encode(plan.limits[limit], forKey: NameKey(limit.column.description)) }
        // Missing if the plan sells none.
        try row.encodeIfPresent(plan.overageRate, forKey: NameKey("overage_micros_per_minute"))
        try row.encode(queue, forKey: NameKey("queue"))
        try row.encode(plan.isRetired, forKey: NameKey("retired"))
    }

    private var queue: String { plan.queuePriority == .priority ? "priority" : "normal" }

    static func table(_ plans: [Plan]) -> String {
        Table(
            headings: ["PLAN"] + Limit.allCases.map { $0.option.uppercased() } + [
                "USD/MIN OF OVERAGE", "QUEUE", "STATE",
            ],
            rows: plans.map { plan in
                [plan.name.rawValue] + Limit.allCases.map { "\(plan.limits[$0])" } + [
                    plan.overageRate.map(Money.dollars(micros:)) ?? "not sold", PlanRow(plan: plan).queue,
                    plan.isRetired ? "retired" : "for sale",
                ]
            }
        ).text
    }
}

extension Plan {
    /// The plan's terms by name, as the audit log keeps them. Those that equal `before` are missing.
    fileprivate func audited(since before: Plan? = nil) -> [String: String] {
        var details: [String: String] = [:]
        for limit in Limit.allCases where before?.limits[limit] != limits[limit] {
            details[limit.column.description] = "\(limits[limit])"
        }
        if before == nil || before?.overageRate != overageRate {
            details["overage_micros_per_minute"] = overageRate.map { "\($0)" } ?? "none"
        }
        if before?.queuePriority != queuePriority {
            details["queue"] = queuePriority == .priority ? "priority" : "normal"
        }
        return details
    }

    fileprivate static func requiredForChange(_ name: PlanName, in transaction: PostgresTransaction) throws -> Plan {
        try lock(in: transaction)
        guard let plan = try find(name, in: transaction) else { throw OperatorError.noPlan(name) }
        return plan
    }
}

struct PlanList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the plans, also retired ones.",
        discussion: """
            Example:
              verbatim-admin plan list --json
            """)

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let plans = try await operation.pool.transaction { try Plan.all(in: $0) }
            try Output.show(plans.map(PlanRow.init), json: output.json, text: PlanRow.table(plans))
        }
    }
}

struct PlanCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a plan.",
        discussion: """
            Name all limits. Without --overage-micros-per-minute, the plan sells no overage.

            Example:
              verbatim-admin plan create team --max-file-bytes 2000000000 --max-duration-seconds 36000 --concurrency 30 \
            --monthly-minutes 3000 --overage-micros-per-minute 30000
            """)

    @Argument(help: "Its name: small letters, digits and hyphens.")
    var name: PlanName
    @OptionGroup var options: PlanOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        _ = try options.plan(named: name, changing: nil)
    }

    func run() async throws {
        try await Operation.run { operation in
            let (plan, operatorName) = (try options.plan(named: name, changing: nil), change.operatorName)
            try await operation.pool.transaction { transaction in
                try Plan.lock(in: transaction)
                guard try Plan.find(plan.name, in: transaction) == nil else {
                    throw OperatorError("there is a plan \(plan.name.rawValue) already; see: verbatim-admin plan set")
                }
                try plan.store(in: transaction)
                try AuditEntry(
                    operator: operatorName, action: "plan create", tenant: nil, target: plan.name.rawValue,
                    details: plan.audited()
                ).record(in: transaction)
            }
            try Output.show(PlanRow(plan: plan), json: output.json, text: PlanRow.table([plan]))
        }
    }
}

struct PlanSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change a plan, for jobs that are submitted from now on.",
        discussion: """
            What is not named stays as it is. Jobs that were admitted before keep their terms. The statement of an open month shows the \
            plan's minutes of now, so close the month before. A retired plan stays retired.

            Example:
              verbatim-admin plan set pro --monthly-minutes 1500
            """)

    @Argument(help: "The plan's name.")
    var name: PlanName
    @OptionGroup var options: PlanOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if options.isEmpty { throw ValidationError("Name at least one limit; see: verbatim-admin help plan set") }
    }

    func run() async throws {
        try await Operation.run { operation in
            let (name, options, operatorName) = (name, options, change.operatorName)
            let plan = try await operation.pool.transaction { transaction in
                let before = try Plan.requiredForChange(name, in: transaction)
                let plan = try options.plan(named: name, changing: before)
                let details = plan.audited(since: before)
                if !details.isEmpty {
                    try plan.store(in: transaction)
                    try AuditEntry(
                        operator: operatorName, action: "plan set", tenant: nil, target: name.rawValue, details: details
                    ).record(in: transaction)
                }
                return plan
            }
            try Output.show(PlanRow(plan: plan), json: output.json, text: PlanRow.table([plan]))
        }
    }
}

struct PlanRetire: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire", abstract: "Sell a plan no more; accounts that have it keep it.",
        discussion: """
            It disappears from GET /plans, and no account can be moved to it.

            Example:
              verbatim-admin plan retire team
            """)

    @Argument(help: "The plan's name.")
    var name: PlanName
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await Operation.run { operation in
            let (name, operatorName) = (name, change.operatorName)
            let plan = try await operation.pool.transaction { transaction in
                let before = try Plan.requiredForChange(name, in: transaction)
                let plan = Plan(
                    name: name, limits: before.limits, overageRate: before.overageRate,
                    queuePriority: before.queuePriority, isRetired: true)
                if !before.isRetired {
                    try plan.store(in: transaction)
                    try AuditEntry(operator: operatorName, action: "plan retire", tenant: nil, target: name.rawValue)
                        .record(in: transaction)
                }
                return plan
            }
            try Output.show(PlanRow(plan: plan), json: output.json, text: PlanRow.table([plan]))
        }
    }
}
