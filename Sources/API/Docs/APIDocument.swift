import FoundationEssentials

/// The OpenAPI document, read once at the start. `openapi.yaml` is where it is written; `openapi.json` is made of it by
/// `scripts/lib/openapi-json`.
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

    /// The document of a service that customers reach at that address: programs that read it call there, and nowhere else.
    ///
    /// - Parameter address: nil where the operator did not say. The calls are then beside the document.
    package func served(at address: String?) -> APIDocument {
        let server = JSONNode.object([JSONNode.Member(key: "url", value: .text(address ?? "/"))])
        return APIDocument(root: root.with("servers", .array([server])))
    }

    package var version: String { root["info"]?["version"]?.string ?? "unknown" }

    /// What a node stands for: itself, or what it refers to.
    package func resolved(_ node: JSONNode) -> JSONNode {
        var node = node
        // Our references refer to no references; a ring must not hold the start up.
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
