import Foundation

/// Standard output for what may be long: written in blocks of 64 KiB, as it comes.
struct StandardOutput {
    private var waiting = Data()

    mutating func write(_ text: String) throws {
        waiting.append(contentsOf: text.utf8)
        if waiting.count >= 1 << 16 { try flush() }
    }

    mutating func flush() throws {
        try FileHandle.standardOutput.write(contentsOf: waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}
