import Postgres

/// An id with a type of its own, so that the compiler finds mix-ups. It is a prefix and a ULID (`ten_01J…`, `job_01J…`).
package protocol TypedID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible, PostgresCodable
where RawValue == String {
    static var prefix: String { get }
    init(unchecked rawValue: String)
}

extension TypedID {
    /// Parses an id. Nil if the form is wrong.
    package init?(rawValue: String) {
        guard rawValue.hasPrefix(Self.prefix), ULID.isValid(rawValue.dropFirst(Self.prefix.count)) else { return nil }
        self.init(unchecked: rawValue)
    }

    /// Creates an id with the time `now`.
    package init(at now: Timestamp = .now()) {
        self.init(unchecked: Self.prefix + ULID(at: now).description)
    }

    package var description: String { rawValue }
}

/// The id of a tenant.
package struct TenantID: TypedID {
    package static let prefix = "ten_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}
