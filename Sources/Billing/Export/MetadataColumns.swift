import JSON

/// Which keys of customers' metadata get a column of their own in a detail export: the most frequent ones, sorted by their bytes.
package struct MetadataColumns: Sendable {
    package static let most = 50
    /// How many different keys are counted, so that a month of random keys cannot fill the memory.
    private static let mostCounted = 10_000

    private var counts: [String: Int] = [:]

    package init() {}

    /// Counts the keys of one more job's metadata.
    package mutating func count(_ members: MetadataMembers) {
        for key in Set(members.members.filter { $0.scalar != nil }.map(\.key))
        where counts[key] != nil || counts.count < Self.mostCounted {
            counts[key, default: 0] += 1
        }
    }

    /// The chosen keys, at most `most`. The order in which the jobs came does not matter, unless there are over 10,000 different keys.
    package var keys: [String] {
        let byName = counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let commonest = byName.enumerated().sorted {
            ($1.element.value, $0.offset) < ($0.element.value, $1.offset)
        }
        return commonest.prefix(Self.most).sorted { $0.offset < $1.offset }.map(\.element.key)
    }

    /// The cells of one job: one for each of `keys`, then a JSON object of the members without a column.
    package static func cells(_ members: MetadataMembers, keys: [String]) -> [ExportCell] {
        // If a key occurs twice, the last one counts, as in most JSON parsers.
        var scalars: [String: ExportCell] = [:]
        for member in members.members { scalars[member.key] = member.scalar ?? ExportCell.none }
        let columns = Set(keys)
        let rest = members.members.filter { !columns.contains($0.key) || $0.scalar == nil }
        return keys.map { scalars[$0] ?? .none }
            + [rest.isEmpty ? .none : .text("{" + rest.map(\.source).joined(separator: ",") + "}")]
    }
}

extension MetadataMembers.Member {
    /// The value, if it is a string, a number or a Boolean.
    package var scalar: ExportCell? { ExportCell(value) }
}

extension ExportCell {
    /// Nil for an object, an array and null.
    fileprivate init?(_ value: JSONReader.Value) {
        switch value {
        case .string(let text): self = .text(text)
        case .number(let number): self = .number(number)
        case .flag(let flag): self = .flag(flag)
        case .null, .object, .array: return nil
        }
    }
}
