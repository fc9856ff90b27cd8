import FoundationEssentials

/// The OpenAPI document, read once at the start. It is written in `openapi.yaml`; `scripts/lib/openapi-json` makes `openapi.json` from
/// that.
package struct APIDocument: Sendable {
    package struct Unreadable: Error, CustomStringConvertible {
        package let path: String
        package let reason: String
        package var description: String { "the API's description \(path) cannot be read: \(reason)" }
    }

    /// The file as it is, or as `served` made it.
    package let bytes: [UInt8]
    package let root: JSONNode

    package init(path: String) throws {
        do {
            try self.init(bytes: Array(try Data(contentsOf: URL(filePath: path))))
        } catch let error as JSONNode.Malformed {
            throw Unreadable(path: path, reason: "\(error)")
        } catch {
            throw Unreadable(path: path, reason: "the file is missing, or this user may not read it")
        }
    }

    package init(bytes: [UInt8]) throws {
        self.bytes = bytes
        root = try JSONNode(parsing: bytes)
    }

    private init(root: JSONNode) {
        bytes = Array(root.indented.utf8)
        self.root = root
    }

    /// Returns the document with `address` as its only server: programs that read it send their calls there.
    ///
    /// - Parameter address: nil if the operator did not configure one. The calls then go to the server that the document came from.
    package func served(at address: String?) -> APIDocument {
        let server = JSONNode.object([JSONNode.Member(key: "url", value: .text(address ?? "/"))])
        return APIDocument(root: root.with("servers", .array([server])))
    }

    package var version: String { root["info"]?["version"]?.string ?? "unknown" }

    /// Returns the node itself, or what it refers to if it is a reference.
    package func resolved(_ node: JSONNode) -> JSONNode {
        var node = node
        // Our references refer to no other references. The limit is for a cycle, which must not block the start.
        for _ in 0..<8 {
            guard let pointer = node["$ref"]?.string, let target = root.value(at: pointer) else { break }
            node = target
        }
        return node
    }

    package static let methods = ["get", "put", "post", "delete", "patch"]

    /// One call of the API.
    package struct Operation: Sendable {
        package let method: String
        package let path: String
        package let node: JSONNode
        /// The path's own parameters, then the call's.
        package let parameters: [JSONNode]
    }

    package var operations: [Operation] {
        (root["paths"]?.members ?? []).flatMap { path in
            path.value.members.filter { Self.methods.contains($0.key) }.map {
                Operation(
                    method: $0.key.uppercased(), path: path.key, node: $0.value,
                    parameters: ((path.value["parameters"]?.items ?? []) + ($0.value["parameters"]?.items ?? []))
                        .map(resolved))
            }
        }
    }
}
