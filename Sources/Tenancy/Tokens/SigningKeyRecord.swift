import Postgres

/// A signing key as operators see it: everything but the key.
package struct SigningKeyRecord: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Published, and not yet used.
        case waiting
        /// Signs what is issued now.
        case signing
        /// Signs no more; what it signed still counts.
        case verifying
        case retired
    }

    package let kid: String
    package let createdAt: Timestamp
    package let signsFrom: Timestamp
    package let retiredAt: Timestamp?
    package let state: State
}
