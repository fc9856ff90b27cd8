import Crypto
import Egress
import Foundation

// What is asked of the store about objects, by its own names for them.

extension S3Client {
    private static let mostPages = 100_000

    /// Writes one byte and removes it, behind no recording that is under way.
    func probe(_ key: String) async throws {
        try await put([1], as: key, waitsInLine: false)
        try await delete(key, waitsInLine: false)
    }

    func put(_ bytes: [UInt8], as key: String, waitsInLine: Bool = true) async throws {
        var request = S3Request("PUT", key)
        request.waitsInLine = waitsInLine
        request.body = .bytes(bytes)
        request.bytes = Int64(bytes.count)
        _ = try await send(request)
    }

    func get(_ key: String, limit: Int) async throws -> [UInt8] {
        var request = S3Request("GET", key)
        request.answerLimit = limit
        request.bytes = Int64(limit)
        return try await send(request).body
    }

    /// - Parameter size: as the store told before; another one is a fault.
    func get(_ key: String, into descriptor: Int32, size: Int64) async throws {
        var request = S3Request("GET", key)
        request.answerLimit = Int(size)
        request.bytes = size
        _ = try await send(request, to: descriptor)
        guard lseek(descriptor, 0, SEEK_CUR) == off_t(size) else {
            throw StorageError(errno: EIO, words: "the store gave another number of bytes than it told")
        }
    }

    func size(of key: String) async throws -> Int64 {
        let response = try await send(S3Request("HEAD", key))
        guard let size = response.headers["content-length"].flatMap(Int64.init), size >= 0 else {
            throw StorageError(errno: EIO, words: "the store did not tell an object's size")
        }
        return size
    }

    func delete(_ key: String, waitsInLine: Bool = true) async throws {
        var request = S3Request("DELETE", key)
        request.waitsInLine = waitsInLine
        do {
            _ = try await send(request)
        } catch let error as StorageError where error.errno == ENOENT {
            // Some stores say so of what is gone already.
        }
    }

    /// Page by page, in the order of the names.
    func list(_ prefix: String, page: ([S3Listing.Object]) async throws -> Void) async throws {
        var token: String?
        for _ in 0..<Self.mostPages {
            var request = S3Request("GET", query: [("list-type", "2"), ("prefix", prefix), ("max-keys", "1000")])
            if let token { request.query.append(("continuation-token", token)) }
            request.answerLimit = 16 << 20
            let answer = try await send(request).body
            guard let listing = S3Listing(answer) else {
                throw StorageError(errno: EIO, words: "the store's listing cannot be read")
            }
            // Whatever the store says: what does not lie there was not asked for, and is not ours to remove.
            guard listing.objects.allSatisfy({ $0.key.hasPrefix(prefix) }) else {
                throw StorageError(errno: EIO, words: "the store listed what was not asked for")
            }
            try await page(listing.objects)
            guard let next = listing.next else { return }
            guard next != token else {
                throw StorageError(errno: EIO, words: "the store's listing goes in circles")
            }
            token = next
        }
        throw StorageError(errno: EIO, words: "the store's listing does not end")
    }

    /// At most a thousand at once, as the store has it.
    func delete(_ keys: [String]) async throws {
        guard !keys.isEmpty else { return }
        let names = keys.map { "<Object><Key>\(Self.escaped($0))</Key></Object>" }.joined()
        let body = Array("<Delete><Quiet>true</Quiet>\(names)</Delete>".utf8)
        var request = S3Request("POST", query: [("delete", "")])
        request.headers = [
            ("Content-Type", "application/xml"),
            // The store insists on it.
            ("Content-MD5", Data(Insecure.MD5.hash(data: body)).base64EncodedString()),
        ]
        request.body = .bytes(body)
        guard let answer = S3Document(try await send(request).body), answer.root == "DeleteResult" else {
            throw StorageError(errno: EIO, words: "the store's answer to a removal cannot be read")
        }
        let refusals = answer.children.filter { $0.name == "Error" }.map { $0["Code"] ?? "" }
        if let code = refusals.first(where: { $0 != "NoSuchKey" }) {
            throw S3Failure(status: code == "AccessDenied" ? 403 : 500, code: code).error
        }
    }

    /// Everything that begins with `prefix`, but for the object `kept`.
    func deleteAll(_ prefix: String, but kept: String? = nil) async throws {
        try await list(prefix) { try await delete($0.map(\.key).filter { $0 != kept }) }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
