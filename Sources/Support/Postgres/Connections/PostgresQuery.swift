// SQL whose interpolations are binds: a value in `\(…)` never becomes part of the SQL text.

package struct PostgresQuery: Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    /// The SQL between the binds: always one piece more than there are binds.
    private(set) var pieces: [String]
    private(set) var binds: [PostgresBind]

    package init(stringLiteral sql: String) { self.init(unescaped: sql) }

    package init(stringInterpolation: StringInterpolation) {
        pieces = stringInterpolation.pieces
        binds = stringInterpolation.binds
    }

    /// Takes trusted SQL text as it is. Never pass anything that came from outside.
    package init(unescaped sql: String) {
        pieces = [sql]
        binds = []
    }

    /// Returns an SQL literal in whole seconds. The planner knows the value of a literal, but not that of a bind.
    package static func interval(_ duration: Duration) -> PostgresQuery {
        PostgresQuery(unescaped: "interval '\(duration.components.seconds) seconds'")
    }

    /// Joins queries with `separator` (trusted SQL) between them. Without queries, the result is empty.
    package init(joining queries: [PostgresQuery], separator: String) {
        var interpolation = StringInterpolation(literalCapacity: 0, interpolationCount: 0)
        for (index, query) in queries.enumerated() {
            if index > 0 { interpolation.appendLiteral(separator) }
            interpolation.appendInterpolation(query)
        }
        self.init(stringInterpolation: interpolation)
    }

    /// The text that is sent to the server, with binds as `$1`, `$2` …
    package var sql: String {
        var text = pieces[0]
        for index in binds.indices { text += "$\(index + 1)\(pieces[index + 1])" }
        return text
    }

    /// The SQL without values, safe to log.
    package var description: String { sql }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var pieces = [""]
        fileprivate var binds: [PostgresBind] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            binds.reserveCapacity(interpolationCount)
            pieces.reserveCapacity(interpolationCount + 1)
        }

        package mutating func appendLiteral(_ literal: String) { pieces[pieces.count - 1] += literal }

        /// A value becomes a bind.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            binds.append(PostgresBind(value))
            pieces.append("")
        }

        /// A value or NULL becomes a bind.
        package mutating func appendInterpolation<T: PostgresEncodable>(_ value: T?) {
            binds.append(PostgresBind(value))
            pieces.append("")
        }

        /// The SQL of a query inside a query is inserted, and its binds are renumbered.
        package mutating func appendInterpolation(_ query: PostgresQuery) {
            appendLiteral(query.pieces[0])
            binds += query.binds
            pieces += query.pieces.dropFirst()
        }

        /// Trusted SQL text is inserted as it is. Never pass anything that came from outside.
        package mutating func appendInterpolation(unescaped sql: String) { appendLiteral(sql) }
    }
}
