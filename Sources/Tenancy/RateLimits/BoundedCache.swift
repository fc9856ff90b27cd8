/// A dictionary that never holds more than so many entries.
///
/// It keeps two generations. When the younger one is full, the older one is forgotten and the younger takes its place; what is
/// read or written moves to the younger one. So what was not used for longest goes, in constant time and without a list; half of
/// the entries, those used last, are always there.
package struct BoundedCache<Key: Hashable, Value> {
    private var younger: [Key: Value] = [:]
    private var older: [Key: Value] = [:]
    private let half: Int

    /// - Parameter capacity: entries at most; at least two.
    package init(capacity: Int) { half = max(1, capacity / 2) }

    package var count: Int { younger.count + older.count }

    package subscript(key: Key) -> Value? {
        mutating get {
            if let value = younger[key] { return value }
            guard let value = older[key] else { return nil }
            insert(value, for: key)
            return value
        }
        set {
            guard let newValue else {
                younger[key] = nil
                older[key] = nil
                return
            }
            insert(newValue, for: key)
        }
    }

    private mutating func insert(_ value: Value, for key: Key) {
        if younger[key] == nil, younger.count >= half {
            older = younger
            younger = [:]
        }
        older[key] = nil
        younger[key] = value
    }
}

extension BoundedCache: Sendable where Key: Sendable, Value: Sendable {}
