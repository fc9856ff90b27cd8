import Postgres
import Tenancy

/// What customers call the speakers of a transcript. The ids stay as they are; names are only shown where they are asked for.
package struct SpeakerNames: Sendable, Equatable {
    /// The longest name, in characters.
    package static let longest = 100

    /// By the speakers' ids. Speakers without a name are missing.
    package let names: [String: String]

    package init(_ names: [String: String] = [:]) { self.names = names }

    /// Returns the names of a job's speakers.
    package static func find(
        of job: JobID, _ tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> SpeakerNames {
        let rows = try transaction.all(
            "SELECT speaker, name FROM speaker_names WHERE tenant_id = \(tenant) AND job_id = \(job)",
            as: String.self, String.self)
        return SpeakerNames(Dictionary(rows) { first, _ in first })
    }

    /// Names speakers, and takes names away. Speakers that are not in `changes` keep theirs. Returns false if the transcript was deleted.
    ///
    /// - Parameter changes: names by the speakers' ids; nil: none.
    package static func change(
        _ changes: [String: String?], of job: JobID, _ tenant: TenantID, in transaction: PostgresTransaction
    ) throws -> Bool {
        guard try StoredTranscript.lock(job, of: tenant, in: transaction) else { return false }
        for (speaker, name) in changes.sorted(by: { $0.key < $1.key }) {
            if let name {
                try transaction.execute(
                    """
                    INSERT INTO speaker_names (tenant_id, job_id, speaker, name)
                    VALUES (\(tenant), \(job), \(speaker), \(name))
                    ON CONFLICT (tenant_id, job_id, speaker) DO UPDATE SET name = EXCLUDED.name
                    """)
            } else {
                try transaction.execute(
                    """
                    DELETE FROM speaker_names
                    WHERE tenant_id = \(tenant) AND job_id = \(job) AND speaker = \(speaker)
                    """)
            }
        }
        return true
    }
}

/// How a transcript's formats name the speakers.
package enum SpeakerLabels: Sendable, Equatable {
    /// Not at all.
    case none
    /// By their ids.
    case labels
    /// By the customer's names; those without one, by their ids.
    case names(SpeakerNames)
}

/// A speaker as the JSON lists it.
struct NamedSpeaker {
    let id: String
    /// Nil: it has none, or names are not asked for.
    let name: String?
}

extension Transcript {
    /// The speakers with their names, if these are shown.
    func named(by labels: SpeakerLabels) -> [NamedSpeaker] {
        switch labels {
        case .none: []
        case .labels: speakers.map { NamedSpeaker(id: $0, name: nil) }
        case .names(let names): speakers.map { NamedSpeaker(id: $0, name: names.names[$0]) }
        }
    }

    /// Returns the transcript with names in place of the speakers' ids, if these are shown.
    func labeled(_ labels: SpeakerLabels) -> Transcript {
        guard case .names(let names) = labels else { return self }
        return mappingSpeakers { names.names[$0] ?? $0 }
    }

    /// The transcript without its speakers.
    var withoutSpeakers: Transcript { mappingSpeakers { _ in nil } }

    private func mappingSpeakers(_ label: (String) -> String?) -> Transcript {
        var labels: [String: String?] = [:]
        func shown(_ speaker: String?) -> String? {
            guard let speaker else { return nil }
            if let known = labels[speaker] { return known }
            let new = label(speaker)
            labels[speaker] = .some(new)
            return new
        }
        var result = self
        // Two speakers with one name count as one: their paragraphs are one person's.
        var seen: Set<String> = []
        result.speakers = speakers.compactMap(shown).filter { seen.insert($0).inserted }
        result.voices = voices?.compactMap { voice in
            shown(voice.speaker).map { SpeakerTurn(speaker: $0, start: voice.start, end: voice.end) }
        }
        for index in result.segments.indices {
            result.segments[index].speaker = shown(result.segments[index].speaker)
            if result.segments[index].speaker == nil { result.segments[index].speakerConfidence = nil }
            for word in result.segments[index].words.indices where result.segments[index].words[word].speaker != nil {
                result.segments[index].words[word].speaker = shown(result.segments[index].words[word].speaker)
            }
        }
        return result
    }
}
