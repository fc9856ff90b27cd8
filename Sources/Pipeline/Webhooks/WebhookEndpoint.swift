import Postgres
import Tenancy

/// Where a tenant is told of its jobs, and how that went of late.
package struct WebhookEndpoint: Sendable, Equatable {
    package let url: String
    package let createdAt: Timestamp
    package let lastSuccess: Timestamp?
    /// Set once everything has failed for a day: since when. It is tried all the same.
    package let failingSince: Timestamp?
}
