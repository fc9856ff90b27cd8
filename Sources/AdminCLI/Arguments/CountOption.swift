import ArgumentParser

/// How many entries a list shows.
struct CountOption: ParsableArguments {
    @Option(help: "How many to show, 1 to 10000.")
    var limit = 50

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be from 1 to 10000.") }
    }
}
