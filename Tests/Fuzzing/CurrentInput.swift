import Foundation
import Glibc

/// A file that always holds the input which is being tried, so that it is known after a crash. Ends the process if an input takes too long.
// Unchecked because of the pointer: one loop writes to it.
package final class CurrentInput: @unchecked Sendable {
    private let memory: UnsafeMutableRawPointer
    private static let room = 2 << 20
    /// The alarm's signal ends the process after this many seconds; nil: nothing does.
    private let longestSeconds: UInt32?

    /// - Parameter path: the file, which is made anew: eight bytes with the input's length, lowest first, and the input.
    package init(path: String, longestSeconds: UInt32?) throws {
        self.longestSeconds = longestSeconds
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        guard descriptor >= 0, ftruncate(descriptor, Self.room) == 0,
            let memory = mmap(nil, Self.room, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { throw FuzzFinding("\(path) cannot be written (errno \(errno))") }
        self.memory = memory
    }

    deinit { munmap(memory, Self.room) }

    package func note(_ input: [UInt8]) {
        if let longestSeconds { alarm(longestSeconds) }
        let count = min(input.count, Self.room - 8)
        memory.storeBytes(of: UInt64(count).littleEndian, as: UInt64.self)
        input.withUnsafeBytes {
            (memory + 8).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: count)
        }
    }
}
