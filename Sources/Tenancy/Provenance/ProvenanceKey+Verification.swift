import Cryptography

/// Why a provenance record proves nothing.
package enum ProvenanceFault: Error, Equatable, CustomStringConvertible {
    case malformed
    case unknownKey(kid: String)
    case wrongSignature(kid: String)

    package var description: String {
        switch self {
        case .malformed: "This is no provenance record: a JWS in compact form, of the type \(ProvenanceKey.type)."
        case .unknownKey(let kid): "The record is signed by a key that is not among these: \(kid)."
        case .wrongSignature(let kid):
            "The signature is wrong: the record was changed, or the key \(kid) did not sign it."
        }
    }
}

extension ProvenanceKey {
    /// Returns the payload of a record, and the key that has signed it, if that is one of `keys`.
    package static func verified(
        _ record: String, by keys: [JSONWebKey]
    ) throws(ProvenanceFault) -> (payload: [UInt8], kid: String) {
        guard let jws = CompactJWT(record, type: type) else { throw .malformed }
        guard let key = keys.first(where: { $0.kid == jws.kid })?.publicKey else { throw .unknownKey(kid: jws.kid) }
        guard jws.isSigned(by: key) else { throw .wrongSignature(kid: jws.kid) }
        return (jws.payload, jws.kid)
    }
}
