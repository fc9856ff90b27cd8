import Logging
import Postgres
import ServiceLifecycle

/// Polls something until the node shuts down.
///
/// A look that fails is logged once an outage, and so is the first that succeeds after it; what the last good one saw stays. While the database
/// is away that is told for all by its ``Outage``.
struct Poller: Service {
    let what: String
    let every: Duration
    let logger: Logger
    let look: @Sendable () async throws -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var (isAway, isSaid) = (false, false)
            while (try? await Task.sleep(for: every)) != nil {
                do {
                    try await look()
                    if isSaid { logger.notice("polling works again", metadata: ["what": "\(what)"]) }
                    (isAway, isSaid) = (false, false)
                } catch  where !Task.isCancelled {
                    if !isAway { logger.failure("polling failed", error, metadata: ["what": "\(what)"]) }
                    isSaid = isSaid || !isAway && (error as? PostgresError)?.isReported != true
                    isAway = true
                } catch {}
            }
        }
    }
}
