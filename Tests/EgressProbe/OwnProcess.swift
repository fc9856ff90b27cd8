import Foundation

/// What the kernel says of this process.
enum OwnProcess {
    /// A line of `/proc/self/status` that counts memory, in bytes: `VmRSS` is what is resident now, `VmHWM` the most
    /// that ever was. 0 when there is no such line.
    static func memory(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 } ?? 0
    }

    /// The number of the clients' threads, once it is `expected` or two minutes have passed: a thread that has done its work
    /// is gone only a moment later.
    static func transferThreads(expecting expected: Int) async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let count = try transferThreads()
            if count == expected || ContinuousClock.now > deadline { return count }
            await Task.yield()
        }
    }

    private static func transferThreads() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").filter { thread in
            // A thread may end between the listing and this.
            let name = try? String(contentsOfFile: "/proc/self/task/\(thread)/comm", encoding: .utf8)
            return name?.hasPrefix("egress-") == true
        }.count
    }
}
