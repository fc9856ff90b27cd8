import Foundation

/// A bucket at an endpoint, and the prefix of the objects' names.
package struct S3Bucket: Sendable, Equatable {
    package let name: String
    /// Empty, or without `/` at either end.
    package let prefix: String
    package let region: String
    /// `http` or `https`.
    package let scheme: String
    /// The value of the `Host` header: with a port only if it is not the scheme's default.
    package let host: String
    /// The percent-encoded path before an object's name.
    package let basePath: String

    /// Nil if the endpoint is not an http or https URL.
    ///
    /// - Parameter endpoint: the URL of another store than AWS, which gets the bucket's name in the path; nil for AWS.
    package init?(name: String, prefix: String, region: String, endpoint: String?) {
        self.name = name
        self.prefix = prefix
        self.region = region
        guard let endpoint else {
            scheme = "https"
            let domain = "s3.\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
            // The wildcard of AWS's certificate covers only one label, so a name with dots goes into the path.
            let isInHost = !name.contains(".")
            host = isInHost ? "\(name).\(domain)" : domain
            basePath = isInHost ? "/" : "/\(name)/"
            return
        }
        guard let parts = URLComponents(string: endpoint), let scheme = parts.scheme?.lowercased(),
            scheme == "http" || scheme == "https", let host = parts.percentEncodedHost?.lowercased(), !host.isEmpty,
            parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil
        else { return nil }
        self.scheme = scheme
        let port = parts.port.flatMap { $0 == (scheme == "https" ? 443 : 80) ? nil : $0 }
        self.host = host + (port.map { ":\($0)" } ?? "")
        let above = parts.percentEncodedPath.split(separator: "/").map { "/\($0)" }.joined()
        basePath = "\(above)/\(name)/"
    }

    /// Whether data is sent unencrypted.
    var isPlain: Bool { scheme == "http" }

    /// Returns the store's name of an object.
    func key(_ key: StorageKey) -> String { self.key(path: key.path) }

    func key(path: String) -> String { prefix.isEmpty ? path : "\(prefix)/\(path)" }

    /// Returns our name of an object in the store; nil if it is not one of ours.
    func path(of key: String) -> String? {
        if prefix.isEmpty { return key }
        return key.hasPrefix(prefix + "/") ? String(key.dropFirst(prefix.count + 1)) : nil
    }

    /// Returns whether `name` is a valid bucket name.
    package static func isName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && name.wholeMatch(of: /[a-z0-9][a-z0-9.\-]*[a-z0-9]/) != nil
            && !name.contains("..")
    }

    /// Returns whether `prefix` is valid: short enough that any store accepts it together with our part of a key, and without parts that URLs
    /// remove.
    package static func isPrefix(_ prefix: String) -> Bool {
        prefix.utf8.count <= 256 && !prefix.unicodeScalars.contains { $0.properties.generalCategory == .control }
            && prefix.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }
}
