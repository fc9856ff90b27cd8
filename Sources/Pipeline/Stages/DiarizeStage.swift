import Foundation
import Postgres
import Tenancy

/// Finds the voices of one section and stores them. The assembly decides which of them belong to the same speaker, for the whole recording at
/// once.
struct DiarizeStage: Sendable {
    let databases: Databases
    let storage: any Storage
    let server: ModelServer

    func run(_ claim: ClaimedTask) async throws {
        guard let number = claim.part,
            let work = try await databases.app.transaction(
                of: claim.tenant,
                { try SectionWork.load(number, of: claim.job, tenant: claim.tenant, in: $0) })
        else { throw JobEnded() }
        let tracks: SpeakerTracks
        do {
            tracks = try await server.tracks(
                in: try await audio(of: work), speakers: work.speakers,
                timeout: .seconds(300) + .milliseconds(Samples.milliseconds(work.samples) * 20))
        } catch let error as ModelServerError where error.isPermanent {
            throw JobFailure.internal
        }
        let result = Array(try JSONEncoder().encode(tracks))
        try await databases.app.transaction(of: claim.tenant) { transaction in
            try claim.finish(in: transaction)
            try ChunkStore.keep(tracks: result, of: claim, in: transaction)
            try claim.endPart(samples: work.samples, in: transaction)
        }
    }

    /// Returns the section as one WAV file.
    private func audio(of work: SectionWork) async throws -> [UInt8] {
        var wav = WAVHeader.mono16kHz(dataBytes: Int(work.samples) * Samples.bytesEach)
        wav.reserveCapacity(wav.count + Int(work.samples) * Samples.bytesEach)
        for chunk in work.chunks {
            let length = chunk.samples.count * Samples.bytesEach
            // Without the overlap with its neighbors.
            let start = WAVHeader.length + Int(chunk.samples.lowerBound - chunk.audioStart) * Samples.bytesEach
            let bytes = try await storage.read(chunk.audio)
            guard bytes.count >= start + length else { throw StorageError(errno: EIO) }
            wav.append(contentsOf: bytes[start..<start + length])
        }
        return wav
    }
}
