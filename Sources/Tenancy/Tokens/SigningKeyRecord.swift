import Postgres

/// A signing key as operators see it, without the key itself.
package struct SigningKeyRecord: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Published, but not used yet.
        case waiting
        /// Signs the tokens that are issued now.
        case signing
        /// Signs no more tokens, but its signatures are still valid.
        case verifying
        case retired
    }

    package let kid: String
    package let createdAt: Timestamp
    package let signsFrom: Timestamp
    package let retiredAt: Timestamp?
    package let state: State
}
