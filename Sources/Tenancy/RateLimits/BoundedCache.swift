/// A dictionary with a maximum number of entries. The least recently used ones are dropped.
///
/// It keeps two generations. An entry that is read or written moves to the younger one. When that is full, the older one is dropped and the
/// younger one takes its place. This takes constant time and needs no list. The half of the capacity that was used last is always kept.
package struct BoundedCache<Key: Hashable, Value> {
    private var younger: [Key: Value] = [:]
    private var older: [Key: Value] = [:]
    private let half: Int

    /// - Parameter capacity: the maximum number of entries; at least two.
    package init(capacity: Int) { half = max(1, capacity / 2) }

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
