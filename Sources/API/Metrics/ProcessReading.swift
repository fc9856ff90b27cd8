import FoundationEssentials
import Postgres

/// What this process uses of its machine, without its children: the model server and the media tool.
struct ProcessReading: Sendable {
    /// Taken once, when the process began to serve.
    let start = Timestamp.now()

    /// The names are those that every Prometheus client uses, so that dashboards know them.
    func write(to text: inout PrometheusText) {
        text.single(
            "process_start_time_seconds", .gauge, "When the process started to serve, in seconds since 1970.",
            Double(start.milliseconds) / 1000)
        if let seconds = Self.cpuSeconds {
            text.single(
                "process_cpu_seconds_total", .counter, "Processor time of the process, without its children.", seconds)
        }
        if let bytes = Self.residentBytes {
            text.single(
                "process_resident_memory_bytes", .gauge, "Memory of the process, without its children.", Double(bytes))
        }
    }

    /// From `stat`, whose fields are counted after the name. The name may contain anything, and ends with the last parenthesis.
    private static var cpuSeconds: Double? {
        guard let text = read("stat"), let name = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        // Linux reports hundredths of a second to programs, whatever the kernel's own clock does.
        return (user + system) / 100
    }

    private static var residentBytes: Int? {
        guard let line = read("status")?.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }) else {
            return nil
        }
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    private static func read(_ name: String) -> String? {
        try? String(contentsOfFile: "/proc/self/" + name, encoding: .utf8)
    }
}
