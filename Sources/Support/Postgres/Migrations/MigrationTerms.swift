// What the first lines of a migration's file say of the nodes that work with it, and of how it runs.

struct MigrationTerms: Sendable, Equatable {
    /// The number of the last migration that a node must know to work with the database after this one. `-- nodes: from 0018`.
    /// Without the line: this one's, so that older nodes stop being ready.
    var nodesFrom: Int
    /// Whether nodes that know it can only work after it. `-- nodes: from 0018, also before` says that they need not wait.
    var isNeeded = true
    /// Whether its statements run one after the other, each in a transaction of its own, while nodes work. `-- online: yes`.
    var isOnline = false

    /// Nil if a line cannot be understood. Only lines before the first statement count.
    init?(of sql: String, number: Int) {
        nodesFrom = number
        for line in sql.split(separator: "\n", omittingEmptySubsequences: false) {
            guard line.isEmpty || line.hasPrefix("--") else { break }
            if line.hasPrefix("-- nodes:") {
                guard let nodes = line.wholeMatch(of: /-- nodes: from ([0-9]{4})(, also before)?/),
                    let from = Int(nodes.1), (1...number).contains(from)
                else { return nil }
                nodesFrom = from
                isNeeded = nodes.2 == nil
            } else if line.hasPrefix("-- online:") {
                guard line == "-- online: yes" else { return nil }
                isOnline = true
            }
        }
    }
}
