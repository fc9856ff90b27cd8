// How much one client does at a time, and by which rules.
//
// The two trust levels have separate connections, threads and limits, so these numbers hold for each of them.

package struct EgressConfiguration: Sendable {
    /// Transfers under way at once.
    package var maxConcurrent: Int
    /// Of customers' URLs, where that is another number.
    package var maxConcurrentForCustomers: Int?
    /// Requests that wait for their turn, in the order in which they came; a further one is `.overloaded`.
    package var maxWaiting: Int
    /// Connections kept open for the next request.
    package var maxIdleConnections: Int
    package var addressPolicy: AddressPolicy
    /// For tests: what resolves the names in customers' URLs, those of redirects aside. nil: the system, through libcurl.
    package var resolver: NameResolver?
    package var userAgent: String
    /// A PEM file of the certificate authorities to trust; nil for the system's.
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
