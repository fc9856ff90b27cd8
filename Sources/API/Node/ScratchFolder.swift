import Foundation

/// The folder for what this machine holds for a while: uploads in progress, decoded audio, the model server's socket.
enum ScratchFolder {
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    /// Creates the folder if it is missing. An existing one must belong to this user, and nobody else may write to it: in a place where
    /// everybody may write, somebody else could have created it first.
    static func prepare(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // Of a link itself, not of what it names.
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        guard attributes[.type] as? FileAttributeType == .typeDirectory else {
            throw Refused(description: "VERBATIM_SCRATCH must name a folder, not a link or a file")
        }
        guard (attributes[.ownerAccountID] as? NSNumber)?.uint32Value == geteuid() else {
            throw Refused(description: "the folder of VERBATIM_SCRATCH belongs to another user; name another one")
        }
        guard let mode = (attributes[.posixPermissions] as? NSNumber)?.uint32Value, mode & 0o022 == 0 else {
            throw Refused(
                description: "others may write to the folder of VERBATIM_SCRATCH; take that right away: chmod go-w")
        }
    }
}
