import ArgumentParser
import Postgres

/// When a new key ends.
struct ExpiryOption: ParsableArguments {
    @Option(help: "When the key ends: a moment in RFC 3339, or a time from now such as 90d. Default: never.")
    var expires: Moment?

    func validate() throws {
        let now = Timestamp.now()
        if let expires, expires.after(now) <= now { throw ValidationError("--expires must lie in the future.") }
    }

    var moment: Timestamp? { expires?.after(.now()) }
}
