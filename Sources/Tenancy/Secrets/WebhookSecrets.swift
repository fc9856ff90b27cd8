import Postgres

/// What signs a tenant's webhooks at one moment: one secret, or two while a rotation's grace lasts.
package struct WebhookSecrets: Sendable, Equatable {
    package let current: WebhookSecret
    /// Signs beside the current one, and takes its place at `nextFrom`.
    package let next: WebhookSecret?
    package let nextFrom: Timestamp?

    /// As of `now`: a next secret whose time has come is the current one.
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

    /// Whichever will sign alone in the end.
    package var newest: WebhookSecret { next ?? current }
}
