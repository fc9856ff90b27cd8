import Foundation

/// Where the objects lie: a bucket at an endpoint, and what their names begin with.
package struct S3Bucket: Sendable, Equatable {
    package let name: String
    /// Empty, or without `/` at either end.
    package let prefix: String
    package let region: String
    /// `http` or `https`.
    package let scheme: String
    /// As the `Host` header field says it: with a port only where it is not the scheme's own.
    package let host: String
    /// Percent-encoded; what stands before an object's name.
    package let basePath: String

    /// - Parameter endpoint: of another store than AWS, which then takes the bucket in the path; nil of AWS.
    /// - Returns: nil when the endpoint is no http or https URL.
    package init?(name: String, prefix: String, region: String, endpoint: String?) {
        self.name = name
        self.prefix = prefix
        self.region = region
        guard let endpoint else {
            scheme = "https"
            let domain = "s3.\(region).amazonaws.com" + (region.hasPrefix("cn-") ? ".cn" : "")
            // A certificate's wildcard covers one label.
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

    /// Bytes may travel in clear.
    var isPlain: Bool { scheme == "http" }

    /// The store's name of an object.
    func key(_ key: StorageKey) -> String { self.key(path: key.path) }

    func key(path: String) -> String { prefix.isEmpty ? path : "\(prefix)/\(path)" }

    /// Our name of the store's object; nil when it is none of ours.
    func path(of key: String) -> String? {
        if prefix.isEmpty { return key }
        return key.hasPrefix(prefix + "/") ? String(key.dropFirst(prefix.count + 1)) : nil
    }

    /// What may stand behind `s3://`.
    package static func isName(_ name: String) -> Bool {
        (3...63).contains(name.utf8.count) && name.wholeMatch(of: /[a-z0-9][a-z0-9.\-]*[a-z0-9]/) != nil
            && !name.contains("..")
    }

    /// Short enough for any store beside our own part of a key, and nothing that a URL would fold away.
    package static func isPrefix(_ prefix: String) -> Bool {
        prefix.utf8.count <= 256 && !prefix.unicodeScalars.contains { $0.properties.generalCategory == .control }
            && prefix.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }
}
