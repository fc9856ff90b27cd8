import Addresses
import Egress
import Foundation
import Logging
import Settings
import Tenancy

/// All settings of a node, read together so that all errors are reported together: by the node, and by `doctor`, which checks whether a node could
/// start.
package struct NodeSettings: Sendable {
    package let installation: Installation
    package let databaseURL: String
    /// Leads to the server itself, past any pooler.
    package let databaseDirectURL: String
    /// How many connections each pool may have.
    package let databaseShares: ConnectionShares
    package let databasePreparesStatements: Bool
    /// After this time without use, a connection is closed.
    package let databaseIdleTimeout: Duration
    package let masterKey: MasterKey
    package let host: String
    package let port: Int
    package let publicURL: String?
    /// Which addresses customers' URLs may lead to.
    package let addressPolicy: AddressPolicy
    /// The proxies whose `X-Forwarded-For` is trusted.
    package let trustedProxies: [CIDR]
    /// The origins of pages that may call the API from a browser; `*` for all.
    package let corsOrigins: Set<String>
    package let storage: StorageSetting
    package let scratch: String
    package let scratchBytes: Int64
    /// The folder in which uploads wait until they are probed and stored.
    package var uploads: String { scratch + "/uploads" }
    package let workerSlots: Int
    /// How many fetches run at a time, besides the slots.
    package let fetchSlots: Int
    package let inferenceURL: String?
    /// The model of our own model server.
    package let whisperModel: String
    /// Nil: the model server's default.
    package let diarizationModel: String?
    package let engines: EngineSettings
    /// How long a failed job's source is kept.
    package let sourceRetention: Duration
    /// How long an idle connection is kept open.
    package let idleTimeout: Duration
    /// How long a node still serves requests after it was told to stop, while `/readyz` already says that it is not ready.
    package let shutdownDelay: Duration
    package let logLevel: Logger.Level

    /// Where the node also answers `/metrics`; nil: nowhere else.
    package let metricsAddress: (host: String, port: Int)?

    /// Reads all settings. An invalid one is empty or has its default, and `reader` has the error.
    package init(_ reader: SettingsReader) {
        installation = Installation(reader: reader)
        databaseURL = reader.required(
            "VERBATIM_DATABASE_URL", hint: "a libpq URL, such as postgresql://verbatim@db.example/verbatim")
        databaseDirectURL = reader.string("VERBATIM_DATABASE_DIRECT_URL") ?? databaseURL
        databasePreparesStatements = reader.choice("VERBATIM_DATABASE_PREPARED_STATEMENTS", default: Switch.on) == .on
        databaseIdleTimeout = reader.seconds(
            "VERBATIM_DATABASE_IDLE_TIMEOUT", default: 60, in: 1...3600, example: "a time from 1s to 1h, such as 60s")
        masterKey = MasterKeySetting(reader, advice: "; make one with: openssl rand -hex 32").key()
        (host, port) = Self.address("VERBATIM_LISTEN", "127.0.0.1:8080", reader) ?? ("127.0.0.1", 8080)
        metricsAddress = Self.address("VERBATIM_METRICS_LISTEN", nil, reader)
        publicURL = Self.publicURL(reader)
        addressPolicy = AddressPolicy(allowed: Self.blocks("VERBATIM_EGRESS_ALLOW", reader))
        trustedProxies = Self.blocks("VERBATIM_TRUSTED_PROXIES", reader)
        corsOrigins = Self.origins(reader)
        // `read` has reported the error.
        storage = StorageSetting.read(reader) ?? .folder("")
        scratch = reader.string("VERBATIM_SCRATCH") ?? NSTemporaryDirectory() + "/verbatim-\(getuid())"
        scratchBytes = Int64(
            reader.integer("VERBATIM_SCRATCH_BYTES", default: 20_000_000_000, in: 1_000_000...1_000_000_000_000_000))
        workerSlots = reader.integer(
            "VERBATIM_WORKER_SLOTS", default: ProcessInfo.processInfo.activeProcessorCount, in: 1...1024)
        let usual = ConnectionShares(app: OpenFilePlan.databaseConnections(slots: workerSlots))
        let connections = reader.integer(
            "VERBATIM_DATABASE_CONNECTIONS", default: usual.total, in: ConnectionShares.fewest...1_000)
        databaseShares = connections == usual.total ? usual : ConnectionShares(total: connections)
        fetchSlots = reader.integer("VERBATIM_FETCH_SLOTS", default: 16, in: 1...64)
        inferenceURL = Self.url("VERBATIM_INFERENCE_URL", reader)
        engines = EngineSettings(reader: reader)
        // If another server recognizes, that setting names its model. Our model server then only detects languages.
        whisperModel =
            (engines.whisper == nil ? reader.string("VERBATIM_WHISPER_MODEL") : nil)
            ?? installation.root + "/inference/models/whisper-base"
        diarizationModel = reader.string("VERBATIM_DIARIZATION_MODEL")
        sourceRetention = SourceRetention.read(reader)
        idleTimeout = reader.seconds(
            "VERBATIM_IDLE_TIMEOUT", default: 75, in: 1...3600, example: "a time from 1s to 1h, such as 75s")
        shutdownDelay = reader.seconds(
            "VERBATIM_SHUTDOWN_DELAY", default: 5, in: 0...300, example: "a time up to 5m, such as 10s or 0")
        logLevel = reader.choice("VERBATIM_LOG_LEVEL", default: .info)
    }

    private enum Switch: String, CaseIterable {
        case on, off
    }

    private static func blocks(_ name: String, _ reader: SettingsReader) -> [CIDR] {
        do {
            return try CIDR.list(reader.string(name) ?? "")
        } catch {
            reader.report("\(name): \(error)")
            return []
        }
    }

    private static func origins(_ reader: SettingsReader) -> Set<String> {
        let texts = (reader.string("VERBATIM_CORS_ORIGINS") ?? "").split { $0 == "," || $0.isWhitespace }
        return Set(
            texts.compactMap { text in
                if text == "*" { return "*" }
                guard let url = URL(string: String(text)), url.scheme == "http" || url.scheme == "https",
                    let host = url.host(), !host.isEmpty, url.path().isEmpty, url.query() == nil, url.user() == nil
                else {
                    reader.report(
                        "VERBATIM_CORS_ORIGINS must be *, or origins such as https://app.example.com without a path")
                    return nil
                }
                return text.lowercased()
            })
    }

    /// Reads `HOST:PORT`. Nil if the setting is not there and has no default, or is invalid.
    private static func address(_ name: String, _ standard: String?, _ reader: SettingsReader) -> (
        host: String, port: Int
    )? {
        guard let text = reader.string(name) ?? standard else { return nil }
        if let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        {
            let host = text[..<colon].filter { $0 != "[" && $0 != "]" }
            if !host.isEmpty { return (String(host), port) }
        }
        reader.report("\(name) must be HOST:PORT, such as \(standard ?? "127.0.0.1:9464")")
        return nil
    }

    /// The URL at which customers reach the service, without a trailing slash.
    package static func publicURL(_ reader: SettingsReader) -> String? { url("VERBATIM_PUBLIC_URL", reader) }

    private static func url(_ name: String, _ reader: SettingsReader) -> String? {
        guard let text = reader.string(name) else { return nil }
        guard let url = URL(string: text), url.scheme == "http" || url.scheme == "https", url.host() != nil else {
            reader.report("\(name) must be an http or https URL")
            return nil
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
