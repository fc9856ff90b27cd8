/// A source could not be fetched just now; later it may.
package struct SourceUnavailable: Error, CustomStringConvertible {
    /// What the job fails with when no try is left.
    package let failure: JobFailure
    /// For the log: nothing of the URL, nothing of the answer.
    package let description: String

    init(_ failure: JobFailure, _ description: String) {
        self.failure = failure
        self.description = description
    }
}
