import Cryptography
import Foundation

/// A secret that signs a tenant's webhooks: `whsec_` and 32 random bytes in Base64, as the customer has it.
package struct WebhookSecret: Sendable, Equatable {
    package let text: String
    /// The decoded key.
    package let bytes: [UInt8]

    private static let prefix = "whsec_"

    /// Creates a random secret.
    package init() {
        bytes = RandomBytes.make(32)
        text = Self.prefix + Data(bytes).base64EncodedString()
    }

    init(sealed: [UInt8], of tenant: TenantID, in column: SealedColumn, masterKey: MasterKey) throws(SealedSecretError)
    {
        let plain = try masterKey.open(sealed, for: column.purpose(tenant.rawValue))
        text = String(decoding: plain, as: UTF8.self)
        guard text.hasPrefix(Self.prefix), let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count)))
        else { throw .unreadable }
        bytes = Array(data)
    }

    func sealed(for tenant: TenantID, in column: SealedColumn, under masterKey: MasterKey) throws -> [UInt8] {
        try masterKey.seal(Array(text.utf8), for: column.purpose(tenant.rawValue))
    }

    static let sealing = SealedColumn(table: "webhook_secrets", id: "tenant_id", column: "current_sealed")
    static let sealingNext = SealedColumn(table: "webhook_secrets", id: "tenant_id", column: "next_sealed")
}
