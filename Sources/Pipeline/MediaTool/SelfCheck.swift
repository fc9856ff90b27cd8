import CAV
import Glibc
import JSON

/// Enters the sandbox, tries from inside what it forbids, and prints what the kernel answered.
enum SelfCheck {
    static func run(cpuSeconds: UInt64) throws {
        let status = try openStatus()
        let ownNetwork = try Sandbox.enter(cpuSeconds: cpuSeconds, keepingDescriptorsBelow: UInt32(status) + 1)
        let fields = fields(of: status)

        var writer = JSONWriter(capacity: 512)
        writer.object { json in
            json.key("seccomp")
            json.integer(fields["Seccomp"])
            json.key("no_new_privileges")
            json.flag(fields["NoNewPrivs"] == 1)
            json.key("own_network")
            json.flag(ownNetwork)
            json.key("refuses_open")
            json.flag(verbatim_sandbox_refuses_open())
            json.key("refuses_socket")
            json.flag(verbatim_sandbox_refuses_socket())
            json.key("refuses_execution")
            json.flag(verbatim_sandbox_refuses_execution())
            json.key("refuses_new_process")
            json.flag(verbatim_sandbox_refuses_new_process())
            json.key("refuses_signals")
            json.flag(verbatim_sandbox_refuses_signals())
            json.key("refuses_executable_memory")
            json.flag(verbatim_sandbox_refuses_executable_memory())
        }
        StandardStreams.write(writer.text + "\n", to: STDOUT_FILENO)
    }

    /// Opens the kernel's status of this process as descriptor 3. Must be called before entering the sandbox, where nothing can be opened.
    private static func openStatus() throws -> Int32 {
        let opened = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard opened >= 0, opened == 3 || dup2(opened, 3) == 3 else {
            throw UsageError("/proc/self/status cannot be read")
        }
        return 3
    }

    /// Returns the lines of the status whose value is one number.
    private static func fields(of descriptor: Int32) -> [String: Int64] {
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = max(0, pread(descriptor, &bytes, bytes.count, 0))
        var fields: [String: Int64] = [:]
        for line in String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n") {
            let parts = line.split(maxSplits: 1, whereSeparator: { $0 == ":" })
            guard parts.count == 2, let value = Int64(parts[1].drop { $0 == "\t" || $0 == " " }) else { continue }
            fields[String(parts[0])] = value
        }
        return fields
    }
}
