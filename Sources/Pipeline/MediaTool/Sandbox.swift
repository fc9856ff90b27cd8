import CAV

/// The cage around the decoder. What it consists of is in `CAV`'s `sandbox.c`; here are its sizes.
enum Sandbox {
    /// Bytes of code, libraries and heap together; libav's libraries alone map a good part of it.
    static let addressSpace: UInt64 = 1 << 30
    /// Bytes libav may ask for at once.
    static let largestAllocation = 256 << 20

    /// For good: there is no way out. Call it before any byte of the input is looked at, on the only thread.
    ///
    /// - Returns: Whether the kernel also gave a network of its own, with nothing in it. The filter refuses sockets
    ///   either way.
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

/// A part of the sandbox the kernel did not grant.
struct SandboxError: Error, CustomStringConvertible {
    let step: String
    let error: Int32

    var description: String { "\(step) failed (errno \(error))" }
}
