import JSON

/// What the usage of a month can be grouped by.
package enum UsageGrouping: Sendable, Equatable {
    /// The day on which the jobs were submitted, in UTC.
    case day
    /// The API key that submitted the jobs.
    case key
    /// A member of the jobs' metadata.
    case metadata(String)

    /// The longest name of a member of the metadata that usage can be grouped by, in code points.
    package static let longestName = 100
    /// The longest value, in bytes. Jobs with longer ones count as jobs without a value.
    static let longestValue = 256
    /// How many members of a job's metadata are counted, the first ones.
    static let mostMembers = 20

    private static let metadataPrefix = "metadata."

    /// Reads `day`, `key` or `metadata.NAME`. Nil for anything else.
    package init?(_ text: String) {
        switch text {
        case "day": self = .day
        case "key": self = .key
        default:
            let name = text.dropFirst(Self.metadataPrefix.count)
            guard text.hasPrefix(Self.metadataPrefix), Self.isCounted(name: name) else { return nil }
            self = .metadata(String(name))
        }
    }

    /// The dimension of `usage_sums`.
    var dimension: String {
        switch self {
        case .day: "day"
        case .key: "key"
        case .metadata(let name): Self.metadataPrefix + name
        }
    }

    /// Returns the members of a job's metadata by which usage can be grouped: strings, numbers and Booleans. If a name occurs twice, the last
    /// one counts.
    ///
    /// - Parameter metadata: a JSON object, as text.
    static func members(of metadata: String) -> [(grouping: UsageGrouping, value: String)] {
        var names: [String] = []
        var labels: [String: String?] = [:]
        for member in MetadataMembers(json: metadata).members where isCounted(name: member.key) {
            if labels.updateValue(member.label, forKey: member.key) == nil { names.append(member.key) }
        }
        let labeled = names.compactMap { name in labels[name]?.map { (UsageGrouping.metadata(name), $0) } }
        return Array(labeled.prefix(mostMembers))
    }

    /// PostgreSQL stores no NUL.
    private static func isCounted(name: some StringProtocol) -> Bool {
        !name.isEmpty && name.unicodeScalars.count <= longestName && !name.utf8.contains(0)
    }
}

extension MetadataMembers.Member {
    /// The value as a label of a group. Nil if it is not a string, a number or a Boolean, or too long.
    fileprivate var label: String? {
        let text: String? =
            switch value {
            case .string(let text), .number(let text): text
            case .flag(let flag): flag ? "true" : "false"
            case .null, .object, .array: nil
            }
        guard let text, text.utf8.count <= UsageGrouping.longestValue, !text.utf8.contains(0) else { return nil }
        return text
    }
}
