import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Sends events that are due, many at once, until it is told to stop.
///
/// Every claim is a lease. A sender that dies is found out when it ends: the event is then sent again under its old name, as the
/// contract allows. On shutdown it claims no more and lets the tries that are under way end, which takes no longer than a try may;
/// what is left after that is handed back.
package struct WebhookSender: Service {
    /// How often it looks for what is due.
    private static let pollInterval = Duration.milliseconds(500)
    /// How often it looks for what a dead sender left.
    private static let rescueInterval = Duration.seconds(2)

    private let databases: Databases
    private let queue: DeliveryQueue
    private let courier: WebhookCourier
    private let masterKey: MasterKey
    private let slots: Int
    private let drain: Duration
    private let clock: @Sendable () -> Timestamp
    private let logger: Logger

    private let running = RunningClaims<ClaimedDelivery>()
    private let wake = WakeUpCalls()

    /// - Parameters:
    ///   - slots: tries at once.
    ///   - drain: how long tries may take to end on shutdown.
    package init(
        databases: Databases, courier: WebhookCourier, masterKey: MasterKey, slots: Int = 256,
        drain: Duration = WebhookCourier.patience + .seconds(1),
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now, logger: Logger
    ) {
        self.databases = databases
        queue = DeliveryQueue(databases: databases, clock: clock)
        self.courier = courier
        self.masterKey = masterKey
        self.slots = slots
        self.drain = drain
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask(every: Self.rescueInterval, rescue)
            group.addTask(every: Self.pollInterval) { wake.call() }
            await wake.answer(claim)
            await running.drain(within: drain)
            group.cancelAll()
        }
        await courier.close()
        // A service that ends before its turn would take the others down with it.
        try? await gracefulShutdown()
    }

    /// Claims no more from now on; what is being sent goes on.
    package func stopClaiming() {
        wake.stop()
    }

    /// One try, and its line in the log of deliveries. Never throws: what could not be written is found out by the lease's end.
    package func deliver(_ claim: ClaimedDelivery) async {
        let begunAt = clock()
        do {
            let result = try await send(claim, at: begunAt)
            if result.error == .interrupted, Task.isCancelled { throw CancellationError() }
            // Also while this node is being stopped: what went well is not sent again.
            let queue = queue
            if try await !Task(operation: { try await queue.finish(claim, result, begunAt: begunAt) }).value {
                logger.warning("webhook lost to another sender", metadata: ["event": "\(claim.event)"])
            }
        } catch let error where error is CancellationError || Task.isCancelled {
            await Task { await handBack(claim) }.value
        } catch {
            logger.error(
                "could not write how a webhook went", metadata: ["event": "\(claim.event)", "error": "\(error)"])
        }
    }

    private func send(_ claim: ClaimedDelivery, at now: Timestamp) async throws -> DeliveryResult {
        let masterKey = masterKey
        let secrets: WebhookSecrets
        do {
            secrets = try await databases.system.transaction {
                try WebhookSecrets.findOrCreate(of: claim.tenant, masterKey: masterKey, at: now, in: $0)
            }
        } catch let error as SealedSecretError {
            logger.error("a webhook could not be signed", metadata: ["error": "\(error)"])
            return DeliveryResult(statusCode: nil, latencyMilliseconds: 0, error: .internalError)
        }
        return await courier.send(claim.event, body: claim.body, to: claim.url, signedWith: secrets)
    }

    private func handBack(_ claim: ClaimedDelivery) async {
        do {
            try await queue.interrupt(claim)
        } catch {
            logger.error("could not hand a webhook back", metadata: ["error": "\(error)"])
        }
    }

    private func claim() async {
        do {
            for lane in DeliveryLane.allCases where !wake.isStopped {
                let claims = try await queue.claim(lane, limit: await running.room(lane, of: slots))
                for claim in claims {
                    await running.start(claim) {
                        await deliver(claim)
                        wake.call()
                    }
                }
            }
        } catch {
            logger.error("could not claim webhooks", metadata: ["error": "\(error)"])
        }
    }

    private func rescue() async {
        do {
            let count = try await queue.rescue()
            if count > 0 {
                logger.warning("took webhooks from lost senders", metadata: ["count": "\(count)"])
                wake.call()
            }
        } catch {
            logger.error("could not look for lost webhooks", metadata: ["error": "\(error)"])
        }
    }
}
