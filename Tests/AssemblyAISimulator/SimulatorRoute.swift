/// The calls that the simulator tells apart.
package enum SimulatorRoute: Sendable, Hashable {
    /// `POST /v2/upload`
    case upload
    /// `POST /v2/transcript`
    case submit
    /// `GET /v2/transcript/{id}`
    case poll
    /// `DELETE /v2/transcript/{id}`
    case delete
    /// All else.
    case unknown

    init(method: String, path: [Substring]) {
        switch (method, path.first, path.dropFirst().first, path.count) {
        case ("POST", "v2", "upload", 2): self = .upload
        case ("POST", "v2", "transcript", 2): self = .submit
        case ("GET", "v2", "transcript", 3): self = .poll
        case ("DELETE", "v2", "transcript", 3): self = .delete
        default: self = .unknown
        }
    }
}
