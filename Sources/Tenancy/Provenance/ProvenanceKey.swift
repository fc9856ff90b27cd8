import Cryptography
import Postgres

/// A key that signs provenance records (ES256). One signs at a time; its public half stays published forever, so that a record can be verified
/// whatever has become of the key. It signs nothing else: access tokens have keys of their own.
package struct ProvenanceKey: Sendable {
    /// The `typ` in the header of a record.
    package static let type = "provenance+jwt"
    /// Where the private half is stored.
    package static let sealing = SealedColumn(table: "provenance_keys", id: "kid", column: "private_sealed")

    package let kid: String
    private let pair: P256.PrivateKey

    private init() throws {
        kid = Base62.random(16)
        pair = try P256.PrivateKey()
    }

    private init(kid: String, sealed: [UInt8], masterKey: MasterKey) throws {
        self.kid = kid
        pair = try P256.PrivateKey(masterKey.open(sealed, for: Self.sealing.purpose(kid)))
    }

    /// Returns the payload as a JWS in its compact form (RFC 7515).
    package func sign(_ payload: [UInt8]) throws -> String {
        try CompactJWT.issue(payload, type: Self.type, kid: kid, by: pair)
    }
}

extension ProvenanceKey {
    /// Returns the key that signs. Creates the first one of a database, once, even if several nodes start at the same time.
    static func loadOrCreate(masterKey: MasterKey, in transaction: PostgresTransaction) throws -> ProvenanceKey {
        if let key = try load(masterKey: masterKey, in: transaction) { return key }
        try lock(in: transaction)
        if let key = try load(masterKey: masterKey, in: transaction) { return key }
        return try create(masterKey: masterKey, in: transaction)
    }

    /// Retires the key that signs, destroys its private half, and returns a new one. Operators only.
    ///
    /// - Throws: ``SealedSecretError`` if `masterKey` is not the nodes' key, because they could not read the new key.
    package static func rotate(masterKey: MasterKey, in transaction: PostgresTransaction) throws -> ProvenanceKey {
        try lock(in: transaction)
        _ = try load(masterKey: masterKey, in: transaction)
        try transaction.execute(
            "UPDATE provenance_keys SET retired_at = now(), private_sealed = NULL WHERE retired_at IS NULL")
        return try create(masterKey: masterKey, in: transaction)
    }

    /// Returns the public halves of all keys that ever signed, the latest first.
    package static func published(in transaction: PostgresTransaction) throws -> [JSONWebKey] {
        try transaction.all(
            "SELECT kid, public_key FROM provenance_keys ORDER BY created_at DESC, kid", as: String.self, [UInt8].self
        ).map { try JSONWebKey(P256.PublicKey($0.1), kid: $0.0) }
    }

    private static func load(masterKey: MasterKey, in transaction: PostgresTransaction) throws -> ProvenanceKey? {
        try transaction.first(
            "SELECT kid, private_sealed FROM provenance_keys WHERE retired_at IS NULL", as: String.self, [UInt8].self
        ).map { try ProvenanceKey(kid: $0.0, sealed: $0.1, masterKey: masterKey) }
    }

    private static func create(masterKey: MasterKey, in transaction: PostgresTransaction) throws -> ProvenanceKey {
        let key = try ProvenanceKey()
        let sealed = try masterKey.seal(key.pair.bytes, for: sealing.purpose(key.kid))
        try transaction.execute(
            """
            INSERT INTO provenance_keys (kid, public_key, private_sealed)
            VALUES (\(key.kid), \(key.pair.publicKey.bytes), \(sealed))
            """)
        return key
    }

    /// Locks the set of keys, so that only one transaction at a time changes it.
    private static func lock(in transaction: PostgresTransaction) throws {
        try transaction.query("SELECT pg_advisory_xact_lock(hashtext('verbatim.provenance_keys'))")
    }
}
