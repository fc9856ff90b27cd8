import Egress
import Foundation
import Logging
import Pipeline
import Settings
import Tenancy

/// The settings of a node, read as the node reads them, with all faults at once. What cannot be read is nil.
struct NodeEnvironment: Sendable {
    let installation: Installation
    let databaseURL: String?
    let storageRoot: String?
    let scratch: String
    let scratchBytes: Int64
    /// Nil: the model server is a child of each worker.
    let inferenceURL: String?
    let whisperModel: String
    let diarizationModel: String
    let engines: EngineSettings
    /// One sentence each, without values.
    let faults: [String]

    init(_ reader: SettingsReader) {
        installation = Installation(reader: reader)
        let url = reader.required(
            "VERBATIM_DATABASE_URL", hint: "a libpq URL, such as postgresql://verbatim@db.example/verbatim")
        databaseURL = url.isEmpty ? nil : url
        let root = StorageSetting.read(reader)
        storageRoot = root.isEmpty ? nil : root
        scratch = reader.string("VERBATIM_SCRATCH") ?? NSTemporaryDirectory() + "/verbatim-\(getuid())"
        scratchBytes = Int64(
            reader.integer("VERBATIM_SCRATCH_BYTES", default: 20_000_000_000, in: 1_000_000...1_000_000_000_000_000))
        inferenceURL = Self.url("VERBATIM_INFERENCE_URL", reader)
        engines = EngineSettings(reader: reader)
        whisperModel =
            (engines.whisper == nil ? reader.string("VERBATIM_WHISPER_MODEL") : nil)
            ?? installation.root + "/inference/models/whisper-base"
        diarizationModel = reader.string("VERBATIM_DIARIZATION_MODEL") ?? "auto"
        Self.checkTheRest(reader)
        do throws(SettingsError) {
            try reader.finish()
            faults = []
        } catch {
            var seen: Set<String> = []
            faults = error.faults.filter { seen.insert($0).inserted }
        }
    }

    /// What only a node needs the values of.
    private static func checkTheRest(_ reader: SettingsReader) {
        let hint = "64 hexadecimal digits; make one with: openssl rand -hex 32"
        let key = reader.required("VERBATIM_MASTER_KEY", hint: hint)
        if !key.isEmpty, MasterKey(hex: key) == nil { reader.report("VERBATIM_MASTER_KEY must be \(hint)") }
        if let previous = reader.string("VERBATIM_MASTER_KEY_PREVIOUS"), MasterKey(hex: previous) == nil {
            reader.report("VERBATIM_MASTER_KEY_PREVIOUS must be \(hint)")
        }
        _ = SourceRetention.read(reader)
        do {
            _ = try AddressPolicy(allowing: reader.string("VERBATIM_EGRESS_ALLOW") ?? "")
        } catch {
            reader.report("VERBATIM_EGRESS_ALLOW: \(error)")
        }
        let address = reader.string("VERBATIM_LISTEN") ?? "127.0.0.1:8080"
        let parts = address.split(separator: ":", omittingEmptySubsequences: false)
        let port = parts.last.flatMap { Int($0) } ?? -1
        if parts.count < 2 || parts[0].isEmpty || !(0...65535).contains(port) {
            reader.report("VERBATIM_LISTEN must be HOST:PORT, such as 127.0.0.1:8080")
        }
        _ = url("VERBATIM_PUBLIC_URL", reader)
        _ = reader.integer("VERBATIM_WORKER_SLOTS", default: 1, in: 1...1024)
        _ = reader.integer("VERBATIM_FETCH_SLOTS", default: 16, in: 1...64)
        _ = reader.choice("VERBATIM_LOG_LEVEL", default: Logger.Level.info)
    }

    private static func url(_ name: String, _ reader: SettingsReader) -> String? {
        guard let text = reader.string(name) else { return nil }
        guard let url = URL(string: text), url.scheme == "http" || url.scheme == "https", url.host() != nil else {
            reader.report("\(name) must be an http or https URL")
            return nil
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
