import CProcess

/// Protects what is in this process's memory: keys, passwords, customers' text.
package enum MemoryProtection {
    /// From now on no other process of the same user can read this one's memory and environment, and it writes no core dump. A child process
    /// runs as the same user, and a stranger's file might take it over.
    ///
    /// - Returns: whether that worked.
    @discardableResult
    package static func hide() -> Bool { verbatim_hide_memory() == 0 }
}
