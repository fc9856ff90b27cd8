import Tenancy

extension Set<Scope> {
    /// Reads the scopes of a request. Throws ``APIError`` if one is unknown, or if there is none.
    init(requested names: [String]) throws {
        guard let scopes = Self(names: names), !scopes.isEmpty else {
            throw APIError.invalidRequest(
                "'scopes' must be a list of one or more of \(Set<Scope>.all.names.joined(separator: ", ")).",
                field: "scopes")
        }
        self = scopes
    }
}
