import Concurrency
import Crypto
import Foundation

extension Upload {
    /// SHA-256 of what is asked: the fields, each with its name, and the file's bytes. Not of the file's name, nor of how the form
    /// is put together.
    func fingerprint() async throws -> [UInt8] {
        let (fields, file) = (fields, file)
        // Gigabytes take seconds.
        return try await BlockingCalls("fingerprint").run { try Self.fingerprint(fields, file) }
    }

    private static func fingerprint(_ fields: [String: String], _ file: SpooledFile) throws -> [UInt8] {
        var hash = SHA256()
        hash.update(fields: fields)
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let error = SpoolError(call: "open")
            throw APIError(error) ?? error
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        while let block = try handle.read(upToCount: 1 << 20), !block.isEmpty { hash.update(data: block) }
        return Array(hash.finalize())
    }
}

extension URLSubmission {
    /// SHA-256 of what is asked: the fields, each with its name. Not of what lies at the URL, which nobody knows yet.
    var fingerprint: [UInt8] {
        var hash = SHA256()
        hash.update(fields: fields)
        return Array(hash.finalize())
    }
}

extension SHA256 {
    fileprivate mutating func update(fields: [String: String]) {
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            for text in [name, value] {
                withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { update(bufferPointer: $0) }
                update(data: Data(text.utf8))
            }
        }
    }
}
