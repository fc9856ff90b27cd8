import Foundation
import Logging
import Pipeline

/// Whether the storage and the scratch folder can be used, and how much room their disks have.
///
/// Writes nothing if the folder belongs to another user: a file of ours would be in the service's way.
struct FolderChecks: Sendable {
    let storage: StorageSetting
    let scratch: String
    let scratchBytes: Int64
    let logger: Logger

    /// With fewer bytes, uploads will soon be rejected.
    private static let leastBytes: Int64 = 1_000_000_000
    private static let comfortableBytes: Int64 = 10_000_000_000

    func run() async -> [Finding] {
        var findings: [Finding] = []
        switch storage {
        // The setting is invalid, which was reported already.
        case .folder(""): break
        case .folder(let root):
            findings.append(await folder(root))
            findings += space("storage disk", of: root, comfortable: Self.comfortableBytes)
        case .bucket(let settings): findings.append(await store(settings))
        }
        findings.append(scratchFolder())
        findings += space("scratch disk", of: scratch, comfortable: scratchBytes)
        return findings
    }

    /// Writes one small object and removes it.
    private func store(_ settings: S3Settings) async -> Finding {
        let storage = settings.open(scratch: ScratchSpace(folder: scratch, bytes: 0), logger: logger)
        do {
            try await storage.check()
            return .ok("storage", "the object store can be written, with \(await storage.credentials)")
        } catch {
            return .fail("storage", "\(error); see \"Object store\" in docs/self-hosting.md")
        }
    }

    private func folder(_ root: String) async -> Finding {
        guard let status = Self.status(of: root) else {
            return .warn("storage", "the folder of VERBATIM_STORAGE does not exist yet; a node creates it if it may")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return .fail("storage", "VERBATIM_STORAGE must name a folder")
        }
        guard status.st_uid == geteuid() else {
            return .warn(
                "storage", "the folder belongs to another user, so writing was not tried; ask as the service's user")
        }
        do {
            try await FileStorage(root: root).check()
            return .ok("storage", "can be written")
        } catch {
            return .fail("storage", "\(error); let the service's user write to the folder of VERBATIM_STORAGE")
        }
    }

    private func scratchFolder() -> Finding {
        guard let status = Self.status(of: scratch) else {
            return .ok("scratch", "does not exist yet; a node creates it")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return .fail("scratch", "VERBATIM_SCRATCH must name a folder, not a link or a file")
        }
        guard status.st_mode & 0o022 == 0 else {
            return .fail(
                "scratch", "others may write to the folder of VERBATIM_SCRATCH; take that right away: chmod go-w")
        }
        guard status.st_uid == geteuid() else {
            return .warn("scratch", "the folder of VERBATIM_SCRATCH belongs to another user; ask as the service's user")
        }
        return .ok("scratch", "only this user may write to it")
    }

    /// Checks the disk on which the folder lies, or will lie.
    private func space(_ check: String, of folder: String, comfortable: Int64) -> [Finding] {
        var place = URL(fileURLWithPath: folder)
        while !FileManager.default.fileExists(atPath: place.path), place.path != "/" { place.deleteLastPathComponent() }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: place.path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value else { return [] }
        let text = "\(free / 1_000_000_000) GB are free"
        if free < Self.leastBytes { return [.fail(check, "\(free / 1_000_000) MB are free; make room")] }
        guard free >= comfortable else {
            return [
                .warn(check, "\(text), less than the \(comfortable / 1_000_000_000) GB that it should have; make room")
            ]
        }
        return [.ok(check, text)]
    }

    private static func status(of path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}
