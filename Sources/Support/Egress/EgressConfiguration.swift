import Addresses

// The limits and rules of a client.
//
// The two trust levels have separate connections and threads, so these numbers apply to each of them.

package struct EgressConfiguration: Sendable {
    /// How many transfers may run at the same time.
    package var maxConcurrent: Int
    /// The same for customers' URLs, if it differs.
    package var maxConcurrentForCustomers: Int?
    /// How many requests may wait in line. A further one fails with `.overloaded`.
    package var maxWaiting: Int
    /// How many idle connections are kept for the next request.
    package var maxIdleConnections: Int
    package var addressPolicy: AddressPolicy
    /// For tests: resolves the names in customers' URLs, except in redirects. Nil: libcurl uses the system's resolver.
    package var resolver: NameResolver?
    package var userAgent: String
    /// A PEM file with the certificate authorities to trust; nil for the system's.
    package var certificateAuthorities: String?

    package init(
        maxConcurrent: Int = 64, maxWaiting: Int = 1024, maxIdleConnections: Int = 32,
        addressPolicy: AddressPolicy = AddressPolicy(), resolver: NameResolver? = nil, userAgent: String = "Verbatim",
        certificateAuthorities: String? = nil
    ) {
        precondition(maxConcurrent > 0 && maxWaiting >= 0 && maxIdleConnections > 0)
        self.maxConcurrent = maxConcurrent
        self.maxWaiting = maxWaiting
        self.maxIdleConnections = maxIdleConnections
        self.addressPolicy = addressPolicy
        self.resolver = resolver
        self.userAgent = userAgent
        self.certificateAuthorities = certificateAuthorities
    }

    func maxConcurrent(for trust: EgressTrust) -> Int {
        switch trust {
        case .operatorConfigured: maxConcurrent
        case .customerSupplied: maxConcurrentForCustomers ?? maxConcurrent
        }
    }
}
