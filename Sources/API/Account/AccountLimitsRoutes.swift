import Billing
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `GET` and `PUT /account/limits`: what an account's overage may cost in a month, when the account is told how much of it is used, and how long
/// transcripts are kept.
struct AccountLimitsRoutes: Sendable {
    let databases: Databases

    @Sendable
    func get(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        return try await databases.app.transaction(of: tenant) { transaction in
            Self.answer(
                try AccountLimits.of(tenant, in: transaction),
                operatorCap: try AccountLimits.operatorCap(of: tenant, in: transaction))
        }
    }

    /// Members that are left out stay as they are; a null cap removes it.
    private struct Change: Decodable {
        let isCapGiven: Bool
        let overageCapCents: Int64?
        let alertPercents: [Int64]?
        let isRetentionGiven: Bool
        let retentionDays: Int?

        private enum Key: String, CodingKey {
            case overage_cap_cents, alert_percents, transcript_retention_days
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Key.self)
            isCapGiven = members.contains(.overage_cap_cents)
            overageCapCents = try members.decodeIfPresent(Int64.self, forKey: .overage_cap_cents)
            alertPercents =
                members.contains(.alert_percents) ? try members.decode([Int64].self, forKey: .alert_percents) : nil
            isRetentionGiven = members.contains(.transcript_retention_days)
            retentionDays = try members.decodeIfPresent(Int.self, forKey: .transcript_retention_days)
        }
    }

    @Sendable
    func set(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let (tenant, principal) = (context.principal.tenant, context.principal)
        let change = try await JSONBody.decode(Change.self, from: request)
        let percents = try change.alertPercents.map(Self.percents)
        if let cap = change.overageCapCents, !QuotaOverrides.caps.contains(cap) { throw Self.badCap }
        if let days = change.retentionDays, !JobOptions.retentionDays.contains(days) {
            throw JobOptions.refusal(of: "transcript_retention_days")
        }
        return try await databases.app.transaction(of: tenant) { transaction in
            let operatorCap = try AccountLimits.operatorCap(of: tenant, in: transaction)
            if let cap = change.overageCapCents, let most = operatorCap, cap > most {
                throw APIError.invalidRequest(
                    "'overage_cap_cents' must be at most \(most), which is the cap of this account's operator.",
                    field: "overage_cap_cents")
            }
            var limits = AccountLimits()
            let before = try AccountLimits.update(of: tenant, in: transaction) { found in
                if change.isCapGiven { found.overageCapCents = change.overageCapCents }
                if let percents { found.alertPercents = percents }
                if change.isRetentionGiven { found.transcriptRetentionDays = change.retentionDays }
                limits = found
            }
            var details: [String: String] = [:]
            if limits.overageCapCents != before.overageCapCents {
                details["overage_cap_cents"] = limits.overageCapCents.map { "\($0)" } ?? "none"
            }
            if limits.alertPercents != before.alertPercents {
                details["alert_percents"] = limits.alertPercents.map { "\($0)" }.joined(separator: " ")
            }
            if limits.transcriptRetentionDays != before.transcriptRetentionDays {
                details["transcript_retention_days"] = limits.transcriptRetentionDays.map { "\($0)" } ?? "none"
            }
            if !details.isEmpty {
                try AuditEntry(by: principal, action: "account limits", details: details).record(in: transaction)
            }
            return Self.answer(limits, operatorCap: operatorCap)
        }
    }

    private static func percents(_ given: [Int64]) throws -> [Int16] {
        let percents = Set(given.compactMap { (1...100).contains($0) ? Int16($0) : nil }).sorted()
        guard percents.count == given.count, percents.count <= AccountLimits.mostPercents else {
            throw APIError.invalidRequest(
                "'alert_percents' must be at most \(AccountLimits.mostPercents) different whole numbers from 1 to 100.",
                field: "alert_percents")
        }
        return percents
    }

    private static let badCap = APIError.invalidRequest(
        "'overage_cap_cents' must be a whole number from 0 to \(QuotaOverrides.caps.upperBound), or null for no cap.",
        field: "overage_cap_cents")

    private static func answer(_ limits: AccountLimits, operatorCap: Int64?) -> Response {
        var json = JSONWriter(capacity: 256)
        json.object { json in
            json.key("overage_cap_cents")
            json.integer(limits.overageCapCents)
            json.key("alert_percents")
            json.array(limits.alertPercents) { $0.integer(Int($1)) }
            json.key("transcript_retention_days")
            json.integer(limits.transcriptRetentionDays)
            json.key("operator_overage_cap_cents")
            json.integer(operatorCap)
        }
        return JSONResponse.make(json.bytes)
    }
}
