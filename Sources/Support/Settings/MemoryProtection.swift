import CProcess

/// What this process holds: keys, passwords, customers' words.
package enum MemoryProtection {
    /// From here on no other process of the same user may look into this one's memory and environment, and it leaves no core dump. A child
    /// that a stranger's bytes took over runs as the same user.
    @discardableResult
    package static func hide() -> Bool { verbatim_hide_memory() == 0 }
}
