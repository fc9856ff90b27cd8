import CAV

/// The sandbox around the decoder: its memory limits and its entrance. `sandbox.c` in `CAV` implements it.
package enum Sandbox {
    /// Bytes of code, libraries and heap together. libav's libraries alone take a good part of it.
    static let addressSpace: UInt64 = 1 << 30
    /// The maximum size of one allocation by libav, in bytes.
    package static let largestAllocation = 256 << 20

    /// Enters the sandbox for good. Call it while the process has one thread, before any byte of the input is read.
    ///
    /// - Parameters:
    ///   - cpuSeconds: The kernel kills the process after this much CPU time.
    ///   - first: This descriptor and all above it are closed.
    /// - Returns: Whether the kernel also granted an empty network namespace. The filter refuses sockets either way.
    /// - Throws: `SandboxError`.
    @discardableResult
    static func enter(cpuSeconds: UInt64, keepingDescriptorsBelow first: UInt32) throws -> Bool {
        var outcome = verbatim_sandbox_outcome()
        let limits = verbatim_sandbox_limits(cpu_seconds: cpuSeconds, address_space_bytes: addressSpace)
        let error = verbatim_sandbox_enter(limits, first, &outcome)
        guard error == 0 else {
            throw SandboxError(step: outcome.failed_step.map { String(cString: $0) } ?? "unknown", error: error)
        }
        return outcome.own_network
    }
}

/// A part of the sandbox that the kernel did not grant.
struct SandboxError: Error, CustomStringConvertible {
    let step: String
    let error: Int32

    var description: String { "\(step) failed (errno \(error))" }
}
