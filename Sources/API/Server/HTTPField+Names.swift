import HTTPTypes

/// Header fields that `HTTPTypes` does not name.
extension HTTPField.Name {
    package static let xRequestID = HTTPField.Name(known: "X-Request-Id")
    static let upgrade = HTTPField.Name(known: "Upgrade")

    /// For names that stand in this source: a misspelt one would be the fault of whoever wrote it.
    private init(known name: String) {
        guard let parsed = HTTPField.Name(name) else { preconditionFailure("\(name) is no header field name") }
        self = parsed
    }
}
