import ArgumentParser
import Postgres
import Tenancy

struct KeyRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Rotate an API key: issue a new one; the old one keeps working for a while.",
        discussion: """
            The new key has the name, account, mode and rules of the old one. It is shown now and never again. To end a key immediately, \
            revoke it instead. With a grace period of 0s the old key ends immediately, too; the command asks first.

            Example:
              verbatim-admin key rotate 2oAwrY2V3oaQ --grace 7d
            """)

    @OptionGroup var key: KeyArgument
    @Option(help: "How long the old key keeps working.")
    var grace = TimeSpan(hours: 24)
    @OptionGroup var expiry: ExpiryOption
    @OptionGroup var confirmation: ConfirmationOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let key_id, api_key, tenant_id, name, replaces: String
        let expires_at, replaced_expires_at: String?
    }

    func run() async throws {
        try await Operation.run { operation in
            let (id, grace, end, operatorName) = (try key.id(), grace.duration, expiry.moment, change.operatorName)
            if grace == .zero { try await confirmEnd(of: id, operation) }
            let mode = try await operation.pool.transaction { try APIKeyRecord.requiredForChange(id, in: $0).mode }
            let new = try await IssuedKey.make(mode, hashedWith: Argon2(threads: 1))
            let (old, oldEnd) = try await operation.pool.transaction { transaction in
                let old = try APIKeyRecord.requiredForChange(id, in: transaction)
                try Self.check(old)
                try new.store(
                    for: old.tenant, name: old.name, rules: old.rules, expiresAt: end, in: transaction)
                let oldEnd = try old.yield(to: new.id, after: grace, in: transaction)
                var details = ["replaced_by": new.id.rawValue]
                details["expires_at"] = oldEnd?.rfc3339
                try AuditEntry(
                    operator: operatorName, action: "key rotate", tenant: old.tenant, target: id.rawValue,
                    details: details
                ).record(in: transaction)
                return (old, oldEnd)
            }
            try Output.show(
                Answer(
                    key_id: new.id.rawValue, api_key: new.text, tenant_id: old.tenant.rawValue, name: old.name,
                    replaces: id.rawValue, expires_at: end?.rfc3339, replaced_expires_at: oldEnd?.rfc3339),
                json: output.json,
                text: "\(new.text)\n\nThe key is not shown again; hand it over safely. Its public id is \(new.id)."
                    + (oldEnd.map { " The old key, \(id), works until \($0)." } ?? ""))
        }
    }

    /// Asks first: without a grace period, the old key is revoked before anybody has the new one.
    private func confirmEnd(of id: APIKeyID, _ operation: Operation) async throws {
        let old = try await operation.pool.transaction { try APIKeyRecord.required(id, in: $0) }
        try Self.check(old)
        try confirmation.confirm(
            "Rotate the key \(id) (\(old.name)) of \(old.tenant) without a grace period? Clients that use the old one are rejected immediately."
        )
    }

    /// Throws unless the key works and has no successor yet.
    private static func check(_ key: APIKeyRecord) throws {
        let state = key.state(at: .now())
        guard state == .active else {
            throw OperatorError(
                "the key \(key.id) is \(state.rawValue); issue a new one: "
                    + "verbatim-admin key issue --tenant \(key.tenant) --name NAME")
        }
        if let successor = key.replacedBy {
            throw OperatorError("the key \(key.id) was rotated already; rotate the one that replaced it: \(successor)")
        }
    }
}
