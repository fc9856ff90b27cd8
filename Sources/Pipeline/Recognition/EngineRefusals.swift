import Foundation
import Logging
import Postgres
import Tenancy

/// Tells the operator what the recognizers refuse, a model's name above all, also while the work goes on: in the log as an error, at once and
/// then once a minute while it lasts; and in the database, where `/metrics` of every node counts it and `doctor` finds it.
///
/// Never fails its caller: what the database does not take now is written with the next.
package actor EngineRefusals {
    /// The engine's name for a server of `VERBATIM_WHISPER_URL`.
    package static let whisperServer = "whisper_server"
    /// In place of a model: the request as such is refused, or the key.
    package static let anyRequest = ""
    /// Between two lines about the same model.
    package static let pause = Duration.seconds(60)

    private struct Subject: Hashable {
        let engine, model: String
    }

    private struct Known {
        var reportedAt: ContinuousClock.Instant?
        /// Since the last line.
        var unreported: Int64 = 0
        var unwritten: Int64 = 0
        /// The last one.
        var answer = ""
    }

    private let databases: Databases?
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private var known: [Subject: Known] = [:]
    /// Of which the database knows, or is about to be told, that they are taken.
    private var taken: Set<Subject> = []
    private var unreportedTaken: Set<Subject> = []
    private var writing: Task<Void, Never>?

    /// - Parameter databases: nil: the log alone is told.
    package init(
        databases: Databases? = nil, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.databases = databases
        self.logger = logger
        self.now = now
    }

    /// - Parameters:
    ///   - text: what the engine says, fit for a log.
    ///   - setting: what the operator has to look at.
    package func note(_ models: [String], by engine: String, status: Int, saying text: String, setting: String) {
        for model in models {
            let subject = Subject(engine: engine, model: model)
            taken.remove(subject)
            unreportedTaken.remove(subject)
            var entry = known[subject] ?? Known()
            entry.unreported += 1
            entry.unwritten += 1
            entry.answer = text
            let now = now()
            if entry.reportedAt.map({ now - $0 >= Self.pause }) ?? true {
                logger.error(
                    model == Self.anyRequest
                        ? "the recognizer rejects our request: look at \(setting)"
                        : "the recognizer rejects a model: look at \(setting)",
                    metadata: [
                        "engine": "\(engine)", "model": "\(model)", "status": "\(status)", "answer": "\(text)",
                        "times": "\(entry.unreported)",
                    ])
                (entry.reportedAt, entry.unreported) = (now, 0)
            }
            known[subject] = entry
        }
        write()
    }

    /// These are taken. The database is told when that is news.
    package func accepted(_ models: [String], by engine: String) {
        let news = models.map { Subject(engine: engine, model: $0) }.filter { !taken.contains($0) }
        guard !news.isEmpty else { return }
        taken.formUnion(news)
        unreportedTaken.formUnion(news)
        write()
    }

    /// Returns once the database was told what there was to tell, or did not take it.
    package func written() async { await writing?.value }

    /// By a task of its own: who hands a chunk in must not wait for it with a ticket in hand.
    private func write() {
        guard let databases, writing == nil else { return }
        writing = Task {
            while await write(to: databases) {}
            writing = nil
        }
    }

    /// - Returns: whether there may be more.
    private func write(to databases: Databases) async -> Bool {
        let refused = known.filter { $0.value.unwritten > 0 }
        let accepted = unreportedTaken
        guard !refused.isEmpty || !accepted.isEmpty else { return false }
        for subject in refused.keys { known[subject]?.unwritten = 0 }
        unreportedTaken = []
        do {
            try await databases.system.transaction { transaction in
                for (subject, entry) in refused {
                    try RefusedModel.record(
                        subject.model, engine: subject.engine, count: entry.unwritten, answer: entry.answer,
                        in: transaction)
                }
                for subject in accepted {
                    try RefusedModel.settle(subject.model, engine: subject.engine, in: transaction)
                }
            }
            return true
        } catch {
            for (subject, entry) in refused { known[subject]?.unwritten += entry.unwritten }
            // Those that were refused meanwhile are not.
            unreportedTaken.formUnion(accepted.intersection(taken))
            logger.info("could not record the recognizer's rejection", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// A service's text, fit for a log: one line, short, without URLs, and without the key should it be repeated.
    static func presentable(_ text: String, apiKey: String) -> String {
        // Cut twice: before the work, because they decide how much there is, and after it.
        let line = String(text.prefix(2_000)).onOneLine
        let safe = (apiKey.isEmpty ? line : line.replacingOccurrences(of: apiKey, with: "[key]"))
            .split(separator: " ").map { $0.contains("://") ? "[URL]" : $0 }.joined(separator: " ")
        return String(safe.prefix(200))
    }
}
