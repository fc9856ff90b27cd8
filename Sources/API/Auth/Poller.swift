import Logging
import Postgres
import ServiceLifecycle

/// Polls something until the node shuts down.
///
/// Of an outage, the first failure is logged, and the next success. Until then, the last good result stays in use. While the database
/// doesn't answer, this logs no error, because the database's ``Outage`` reports it once for all pollers.
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
