import Logging
import ServiceLifecycle

/// Looks at something again and again, until the node shuts down.
///
/// A look that fails is logged once an outage, and so is the first that succeeds after it; what the last good one saw stays.
struct Watch: Service {
    let what: String
    let every: Duration
    let logger: Logger
    let look: @Sendable () async throws -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var isAway = false
            while (try? await Task.sleep(for: every)) != nil {
                do {
                    try await look()
                    if isAway { logger.notice("watching again", metadata: ["what": "\(what)"]) }
                    isAway = false
                } catch  where !Task.isCancelled {
                    if !isAway {
                        logger.error("cannot watch", metadata: ["what": "\(what)", "error": "\(error)"])
                    }
                    isAway = true
                } catch {}
            }
        }
    }
}
