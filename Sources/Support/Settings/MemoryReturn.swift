import CProcess
import Foundation

/// How soon the C library's allocator gives memory back to the system.
package enum MemoryReturn {
    /// Has memory that a burst of work took go back to the system after it. By default the allocator keeps a pool per thread, up to eight a
    /// core, and makes none of them smaller: after 200 uploads at once, a node held four times the memory.
    ///
    /// Does nothing for what the operator set with `MALLOC_ARENA_MAX` and its like.
    package static func hasten() {
        let environment = ProcessInfo.processInfo.environment
        guard !environment.keys.contains(where: { $0.hasPrefix("MALLOC_") }), environment["GLIBC_TUNABLES"] == nil
        else { return }
        // Buffers of uploads stay below the first size: each new page of memory costs about as much time as what is received into it.
        verbatim_return_memory(Int32(max(2, ProcessInfo.processInfo.activeProcessorCount)), 4 << 20, 8 << 20)
    }
}
