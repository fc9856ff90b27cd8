import TestSupport

/// All targets by their names.
package enum FuzzTargets {
    /// In the order in which they run.
    package static let names = [
        "json", "body", "multipart", "upload", "connection", "value", "token", "address", "feed", "media",
    ]

    /// - Parameter folder: an empty folder that the target may use.
    package static func make(_ name: String, in folder: String) async throws -> (any FuzzTarget)? {
        switch name {
        case "json": JSONTarget()
        case "body": BodyTarget()
        case "multipart": MultipartTarget()
        case "upload": try await UploadTarget(folder: folder)
        case "connection": ConnectionTarget()
        case "value": ValueTarget()
        case "token": try TokenTarget()
        case "address": AddressTarget(hostile: HostileURLs.all(port: 80))
        case "feed": FeedTarget()
        case "media": try MediaTarget(seeds: FuzzCorpus.files("Seeds/media"))
        default: nil
        }
    }
}
