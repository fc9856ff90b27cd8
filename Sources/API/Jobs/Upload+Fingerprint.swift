import Concurrency
import Cryptography
import Foundation

extension Upload {
    /// Returns the SHA-256 of what is asked: the fields, each with its name, and the file's bytes. The file's name and the layout of the
    /// form don't count.
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
        while let block = try handle.read(upToCount: 1 << 20), !block.isEmpty {
            block.withUnsafeBytes { hash.update($0) }
        }
        return hash.finish()
    }
}

extension URLSubmission {
    /// The SHA-256 of what is asked: the fields, each with its name. What lies at the URL doesn't count: nobody knows it yet.
    var fingerprint: [UInt8] {
        var hash = SHA256()
        hash.update(fields: fields)
        return hash.finish()
    }
}

extension SHA256 {
    fileprivate mutating func update(fields: [String: String]) {
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            for text in [name, value] {
                withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { update($0) }
                update(Array(text.utf8))
            }
        }
    }
}
