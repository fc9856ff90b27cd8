import FoundationEssentials

/// What the media tool's sandbox does on this machine, as the kernel answered it.
package struct SandboxReport: Sendable, Decodable {
    /// A network of its own, which some kernels do not grant.
    package let own_network: Bool
    private let no_new_privileges, refuses_open, refuses_socket, refuses_execution, refuses_new_process: Bool
    private let refuses_signals, refuses_executable_memory: Bool

    /// Whether everything is refused that must be.
    package var isTight: Bool {
        no_new_privileges && refuses_open && refuses_socket && refuses_execution && refuses_new_process
            && refuses_signals && refuses_executable_memory
    }
}

extension MediaTool {
    /// Has the tool try, from inside its sandbox, what that forbids. Throws `MediaError` when it cannot be run.
    nonisolated(nonsending) package func checkSandbox() async throws -> SandboxReport {
        var report: [UInt8] = []
        // It reads nothing of its input, which need only be a file: its own executable is one.
        _ = try await run(["--self-check"], path: executable, patience: .seconds(20)) { report += $0 }
        return try Self.decodeJSON(SandboxReport.self, from: report)
    }
}
