import HTTPTypes
import Hummingbird
import Synchronization

/// Which methods each address answers, for 405 and `OPTIONS`.
///
/// Hummingbird's router answers 404 to an unknown method of a known address. This table is filled once from the finished router, before the
/// first request, and read only if no route was found.
package final class AllowedMethods: Sendable {
    private struct Pattern {
        let components: [Substring]
        let method: String
    }

    private let patterns = Mutex<[Pattern]>([])

    package init() {}

    /// Takes over the routes of a finished router.
    func learn(_ routes: [(path: String, method: HTTPRequest.Method)]) {
        let learned = routes.map { Pattern(components: $0.path.split(separator: "/"), method: $0.method.rawValue) }
        patterns.withLock { $0 = learned }
    }

    /// Returns the methods for a path, as `Allow` lists them; nil if no route has this path. A route that spells the path out hides those that
    /// capture a part of it.
    func allow(_ path: String) -> String? {
        let components = path.split(separator: "/")
        let matching = patterns.withLock { $0 }.filter { Self.matches($0.components, components) }
        let spelledOut = matching.filter { $0.components == components }
        var methods = Set<String>()
        for pattern in spelledOut.isEmpty ? matching : spelledOut {
            methods.insert(pattern.method)
            if pattern.method == "GET" { methods.insert("HEAD") }
        }
        return methods.isEmpty ? nil : methods.sorted().joined(separator: ", ")
    }

    private static func matches(_ pattern: [Substring], _ path: [Substring]) -> Bool {
        for (index, component) in pattern.enumerated() {
            if component.hasPrefix("**") { return true }
            guard index < path.count else { return false }
            // A capture or wildcard, whole or in part, may match anything: at worst a 404 becomes a 405.
            guard component.contains("{") || component.contains("*") || component == path[index] else { return false }
        }
        return pattern.count == path.count
    }
}
