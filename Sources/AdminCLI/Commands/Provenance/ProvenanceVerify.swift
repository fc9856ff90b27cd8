import ArgumentParser
import Foundation
import Pipeline
import Postgres
import Tenancy

struct ProvenanceVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify a provenance record.",
        discussion: """
            The record is what GET /jobs/{id}/provenance returned. Exit status 0 if one of the deployment's keys has signed it and what \
            you compare with it agrees, else 1.

            The keys are those in the database, or with --keys those in a file: a copy of /.well-known/jwks.json. Then no database is \
            needed.

            Example:
              verbatim-admin provenance verify record.jws --transcript transcript.json --source interview.mp3
            """)

    @Argument(help: "The file with the record; - for standard input.")
    var file: String
    @Option(help: "The transcript in JSON, as GET /jobs/{id}/transcript returned it: compare it with the record.")
    var transcript: String?
    @Option(help: "The recording as it was sent: compare it with the record.")
    var source: String?
    @Option(help: "A copy of /.well-known/jwks.json, instead of the database.")
    var keys: String?
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let kid, job_id: String
        let revision: Int
        let transcript_agrees, source_agrees: Bool?
    }

    func run() async throws {
        if let keys {
            try await Operation.answering { try await report(by: Self.keys(in: keys)) }
        } else {
            try await Operation.run { operation in
                let published = try await operation.pool.transaction { try ProvenanceKey.published(in: $0) }
                try await report(by: published)
            }
        }
    }

    private func report(by keys: [JSONWebKey]) async throws {
        let text = String(decoding: try Self.read(file, most: Self.largestRecord), as: UTF8.self)
        let (claims, kid) = try ProvenanceClaims.verified(
            text.trimmingCharacters(in: .whitespacesAndNewlines), by: keys)
        var faults: [String] = []
        var transcriptAgrees: Bool?
        if let transcript {
            transcriptAgrees = try claims.agrees(
                withTranscript: try Self.read(transcript, most: Self.largestTranscript))
            if transcriptAgrees == false { faults.append("\(transcript) is not the transcript of this record.") }
        }
        var sourceAgrees: Bool?
        if let source {
            guard FileManager.default.isReadableFile(atPath: source) else {
                throw OperatorError("\(source) cannot be read.")
            }
            sourceAgrees = try await claims.agrees(withSource: source)
            if sourceAgrees == false { faults.append("\(source) is not the recording of this record.") }
        }
        try Output.show(
            Report(
                kid: kid, job_id: claims.job_id, revision: claims.revision, transcript_agrees: transcriptAgrees,
                source_agrees: sourceAgrees),
            json: output.json, text: summary(claims, kid, transcriptAgrees, sourceAgrees))
        guard faults.isEmpty else { throw OperatorError(faults.joined(separator: " ")) }
    }

    private func summary(_ claims: ProvenanceClaims, _ kid: String, _ transcriptAgrees: Bool?, _ sourceAgrees: Bool?)
        -> String
    {
        func comparison(_ agrees: Bool?) -> String { agrees.map { $0 ? "agrees" : "DIFFERS" } ?? "not compared" }
        return """
            Signed by \(kid)
            Job         \(claims.job_id), revision \(claims.revision)
            Recording   SHA-256 \(claims.source.sha256 ?? "unknown"), \(claims.source.decoded_seconds) s: \(comparison(sourceAgrees))
            Recognized  by \(claims.engine), model \(claims.model)\(claims.fallback == nil ? "" : ", partly by fallback")
            Transcript  SHA-256 \(claims.transcript.sha256): \(comparison(transcriptAgrees))
            Completed   \(claims.completed_at ?? "unknown")
            """
    }

    private static let largestRecord = 1 << 20
    /// Ten hours take about 15 MB.
    private static let largestTranscript = 256 << 20

    private static func keys(in path: String) throws -> [JSONWebKey] {
        let bytes = try read(path, most: largestRecord)
        guard let set = try? JSONDecoder().decode(JSONWebKeySet.self, from: Data(bytes)) else {
            throw OperatorError("\(path) is no copy of /.well-known/jwks.json.")
        }
        return set.keys
    }

    /// Returns the content of a file; `-`: of standard input.
    private static func read(_ path: String, most: Int) throws -> [UInt8] {
        guard let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path) else {
            throw OperatorError("\(path) cannot be read.")
        }
        let content = try handle.read(upToCount: most + 1) ?? Data()
        guard content.count <= most else { throw OperatorError("\(path) has more than \(most >> 20) MiB.") }
        return Array(content)
    }
}
