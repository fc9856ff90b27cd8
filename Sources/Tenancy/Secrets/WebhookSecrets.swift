import Postgres

/// The secrets that sign a tenant's webhooks at one moment: one, or two during a rotation.
package struct WebhookSecrets: Sendable, Equatable {
    package let current: WebhookSecret
    /// The secret that signs in addition to the current one, and replaces it at `nextFrom`.
    package let next: WebhookSecret?
    package let nextFrom: Timestamp?

    /// The secrets as of `now`: the next one is the current one if its time has come.
    init(current: WebhookSecret, next: WebhookSecret? = nil, nextFrom: Timestamp? = nil, at now: Timestamp) {
        if let next, let nextFrom, nextFrom > now {
            self.current = current
            self.next = next
            self.nextFrom = nextFrom
        } else {
            self.current = next ?? current
            self.next = nil
            self.nextFrom = nil
        }
    }

    /// The secret that signs alone after the rotation.
    package var newest: WebhookSecret { next ?? current }
}
