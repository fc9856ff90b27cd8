// Remembers which statements one connection has prepared.

struct StatementCache {
    /// The SQL and the types of its binds: the same text with other types is another statement.
    struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    private struct Entry {
        let name: String
        var lastUse: Int
    }

    private var entries: [Key: Entry] = [:]
    private var uses = 0
    private var names = 0
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    /// Returns the name of a prepared statement; nil if it is not prepared.
    mutating func name(of key: Key) -> String? {
        uses += 1
        entries[key]?.lastUse = uses
        return entries[key]?.name
    }

    /// Adds a statement and returns its new name. From now on it counts as prepared.
    mutating func add(_ key: Key) -> String {
        uses += 1
        names += 1
        let name = "s\(names)"
        entries[key] = Entry(name: name, lastUse: uses)
        return name
    }

    mutating func remove(_ key: Key) { entries[key] = nil }
    mutating func removeAll() { entries = [:] }

    /// Drops the least recently used statement if there are more than `capacity`. Returns its name, so that the caller can
    /// deallocate it on the server.
    mutating func evict() -> String? {
        guard entries.count > capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            return nil
        }
        entries[oldest.key] = nil
        return oldest.value.name
    }
}
