import Foundation
import Logging
import Postgres
import Tenancy

/// Reports to the operator what the recognizers reject, above all model names, even if the work goes on with another model or engine.
///
/// It logs an error immediately, and then once a minute while the rejections last. It also writes them to the database, where the `/metrics`
/// of every node count them and `doctor` finds them. It never throws: what cannot be written now is written with the next rejection.
package actor EngineRefusals {
    /// The engine's name for the server of `VERBATIM_WHISPER_URL`.
    package static let whisperServer = "whisper_server"
    /// Stands for a model if the engine rejects the request as such, or the key.
    package static let anyRequest = ""
    /// Time between two log lines about the same model.
    package static let pause = Duration.seconds(60)

    private struct Subject: Hashable {
        let engine, model: String
    }

    private struct Known {
        var reportedAt: ContinuousClock.Instant?
        /// Rejections since the last log line.
        var unreported: Int64 = 0
        /// Rejections that are not in the database yet.
        var unwritten: Int64 = 0
        /// The engine's last text.
        var answer = ""
    }

    private let databases: Databases?
    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private var known: [Subject: Known] = [:]
    /// Models whose acceptance is in the database, or is about to be written.
    private var taken: Set<Subject> = []
    /// Those of them whose acceptance is not written yet.
    private var unreportedTaken: Set<Subject> = []
    private var writing: Task<Void, Never>?

    /// - Parameter databases: Nil: only the log gets reports.
    package init(
        databases: Databases? = nil, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.databases = databases
        self.logger = logger
        self.now = now
    }

    /// Reports that an engine rejected these models.
    ///
    /// - Parameters:
    ///   - text: The engine's answer, fit for a log.
    ///   - setting: The environment variables that the operator should check.
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

    /// Records that an engine accepted these models. Writes to the database only if that is news.
    package func accepted(_ models: [String], by engine: String) {
        let news = models.map { Subject(engine: engine, model: $0) }.filter { !taken.contains($0) }
        guard !news.isEmpty else { return }
        taken.formUnion(news)
        unreportedTaken.formUnion(news)
        write()
    }

    /// Waits until everything is written to the database, or writing has failed.
    package func written() async { await writing?.value }

    /// Writes in a task of its own, because a caller who has just got a ticket must not wait.
    private func write() {
        guard let databases, writing == nil else { return }
        writing = Task {
            while await write(to: databases) {}
            writing = nil
        }
    }

    /// - Returns: Whether there may be more to write.
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
            // The acceptances are written next time, except for models that were rejected in the meantime.
            unreportedTaken.formUnion(accepted.intersection(taken))
            logger.info("could not record the recognizer's rejection", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Returns a service's text, fit for a log: one short line without URLs, and without the key if the text repeats it.
    static func presentable(_ text: String, apiKey: String) -> String {
        // Cut it first, because the service decides how long it is, and again at the end.
        let line = String(text.prefix(2_000)).onOneLine
        let safe = (apiKey.isEmpty ? line : line.replacingOccurrences(of: apiKey, with: "[key]"))
            .split(separator: " ").map { $0.contains("://") ? "[URL]" : $0 }.joined(separator: " ")
        return String(safe.prefix(200))
    }
}
