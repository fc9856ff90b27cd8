import Postgres

/// The public part of an API key, which names it in lists, logs and commands.
package struct APIKeyID: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible, PostgresCodable {
    package let rawValue: String

    package init?(rawValue: String) {
        guard rawValue.utf8.count == 12, Base62.isValid(rawValue) else { return nil }
        self.rawValue = rawValue
    }

    init(unchecked rawValue: String) { self.rawValue = rawValue }

    package var description: String { rawValue }
}
