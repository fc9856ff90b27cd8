import FoundationEssentials

/// Processor time of a child, which is what it cost, however busy the machine was meanwhile.
enum ChildTime {
    /// What the child has used so far; also of one that has ended and is not reaped. Nil where the system does not tell.
    static func spent(by pid: Int32) -> Duration? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            // The fields count from behind the name, which may hold anything but ends with the last parenthesis.
            let name = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 12, let user = Int64(fields[11]), let system = Int64(fields[12]) else { return nil }
        // Linux tells programs hundredths of a second, whatever the kernel's own clock does.
        return .milliseconds((user + system) * 10)
    }
}
