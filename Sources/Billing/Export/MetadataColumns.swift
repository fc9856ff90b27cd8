/// Which keys of customers' metadata get a column of their own in a detail export: the commonest, in the order of their bytes.
package struct MetadataColumns: Sendable {
    package static let most = 50
    /// Keys that are counted at all, so that a month of random ones fills no memory.
    private static let mostCounted = 10_000

    private var counts: [String: Int] = [:]

    package init() {}

    /// Takes the metadata of one more job into account.
    package mutating func count(_ members: MetadataMembers) {
        for key in Set(members.members.filter { $0.scalar != nil }.map(\.key))
        where counts[key] != nil || counts.count < Self.mostCounted {
            counts[key, default: 0] += 1
        }
    }

    /// The same for the same jobs, in whatever order they came.
    package var keys: [String] {
        let byName = counts.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        let commonest = byName.enumerated().sorted {
            ($1.element.value, $0.offset) < ($0.element.value, $1.offset)
        }
        return commonest.prefix(Self.most).sorted { $0.offset < $1.offset }.map(\.element.key)
    }

    /// The cells of one job: one for each of `keys`, then what has no column of its own, as a JSON object.
    package static func cells(_ members: MetadataMembers, keys: [String]) -> [ExportCell] {
        // Of a key that stands there twice the last one counts, as for most readers of JSON.
        var scalars: [String: ExportCell] = [:]
        for member in members.members { scalars[member.key] = member.scalar ?? ExportCell.none }
        let columns = Set(keys)
        let rest = members.members.filter { !columns.contains($0.key) || $0.scalar == nil }
        return keys.map { scalars[$0] ?? .none }
            + [rest.isEmpty ? .none : .text("{" + rest.map(\.source).joined(separator: ",") + "}")]
    }
}
