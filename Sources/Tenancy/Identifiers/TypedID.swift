import Postgres

/// An id whose type keeps it from being taken for another's: a prefix, then a ULID (`ten_01J…`, `job_01J…`).
package protocol TypedID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible, PostgresCodable
where RawValue == String {
    static var prefix: String { get }
    init(unchecked rawValue: String)
}

extension TypedID {
    /// The id that `rawValue` spells, or nil when it has another form.
    package init?(rawValue: String) {
        guard rawValue.hasPrefix(Self.prefix), ULID.isValid(rawValue.dropFirst(Self.prefix.count)) else { return nil }
        self.init(unchecked: rawValue)
    }

    /// A new id for the moment `now`.
    package init(at now: Timestamp = .now()) {
        self.init(unchecked: Self.prefix + ULID(at: now).description)
    }

    package var description: String { rawValue }
}

/// Whose everything is.
package struct TenantID: TypedID {
    package static let prefix = "ten_"
    package let rawValue: String
    package init(unchecked rawValue: String) { self.rawValue = rawValue }
}
