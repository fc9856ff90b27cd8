import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Sends events that are due, many at once, until it is told to stop.
///
/// Every claim is a lease. A sender that dies is found out when it ends: the event is then sent again under its old name, as the
/// contract allows. Nothing is begun that could not be written down while the claim holds, and writing it down is tried until then: what was
/// acknowledged is not sent again for a moment's trouble of the database's. On shutdown it claims no more and lets the tries that are under way end, which takes no longer than a try may;
/// what is left after that is handed back.
package struct WebhookSender: Service {
    /// What a claim must last beyond a try, for writing down how that went.
    private static let margin = Duration.seconds(10)

    private let databases: Databases
    private let queue: DeliveryQueue
    private let deliveryClient: DeliveryClient
    private let masterKey: MasterKey
    private let slots: Int
    private let drain: Duration
    private let clock: @Sendable () -> Timestamp
    private let logger: Logger

    private let holder = LeaseHolder<ClaimedDelivery>()

    /// - Parameters:
    ///   - slots: tries at once.
    ///   - drain: how long tries may take to end on shutdown.
    ///   - lease: how long a claim holds.
    package init(
        databases: Databases, deliveryClient: DeliveryClient, masterKey: MasterKey, slots: Int = 256,
        drain: Duration = DeliveryClient.timeout + .seconds(1), lease: Duration = DeliveryQueue.lease,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now, logger: Logger
    ) {
        self.databases = databases
        queue = DeliveryQueue(databases: databases, lease: lease, clock: clock)
        self.deliveryClient = deliveryClient
        self.masterKey = masterKey
        self.slots = slots
        self.drain = drain
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        await holder.run(drain: drain, claim: claim, rescue: rescue)
        await deliveryClient.close()
        // A service that ends before its turn would take the others down with it.
        try? await gracefulShutdown()
    }

    /// Claims no more from now on; what is being sent goes on.
    package func stopClaiming() {
        holder.wake.stop()
    }

    /// One try, and its line in the log of deliveries. Never throws: what could not be written is found out by the lease's end.
    package func deliver(_ claim: ClaimedDelivery) async {
        guard let (result, begunAt) = await send(claim) else {
            return await Task { await putBack(claim, queue.release) }.value
        }
        // Also while this node is being stopped: what went well is not sent again.
        await Task { [isStopped = Task.isCancelled] in
            if result.error == .interrupted, isStopped {
                await putBack(claim, queue.interrupt)
            } else {
                await keep(claim, result, begunAt: begunAt)
            }
        }.value
    }

    /// How the try went, and when it began. Nil when nothing was sent, for want of the secret or of time.
    private func send(_ claim: ClaimedDelivery) async -> (DeliveryResult, Timestamp)? {
        let (masterKey, now) = (masterKey, clock())
        let log = ["tenant": "\(claim.tenant)", "event": "\(claim.event)"] as Logger.Metadata
        let secrets: WebhookSecrets
        do {
            // Accounts that were made without a secret get theirs here.
            secrets = try await databases.system.transaction {
                try WebhookSecrets.findOrCreate(of: claim.tenant, masterKey: masterKey, at: now, in: $0)
            }
        } catch let error as SealedSecretError {
            logger.error("a webhook could not be signed", metadata: log.merging(["error": "\(error)"]) { $1 })
            return (DeliveryResult(statusCode: nil, latencyMilliseconds: 0, error: .internalError), now)
        } catch {
            if !Task.isCancelled {
                logger.failure("could not read a webhook's secret", error, metadata: log)
            }
            return nil
        }
        guard ContinuousClock.now + deliveryClient.timeout + Self.margin <= claim.leaseEnd else {
            logger.warning("too late to send a webhook", metadata: log)
            return nil
        }
        let begunAt = clock()
        return (await deliveryClient.send(claim.event, body: claim.body, to: claim.url, signedWith: secrets), begunAt)
    }

    /// Writes down how a try went, again and again while the database has no time for it and the claim holds.
    private func keep(_ claim: ClaimedDelivery, _ result: DeliveryResult, begunAt: Timestamp) async {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                if try await !queue.finish(claim, result, begunAt: begunAt) {
                    logger.warning("webhook lost to another sender", metadata: ["event": "\(claim.event)"])
                }
                return
            } catch let error as PostgresError
                where (error.isUnavailable || error.isCongestion) && ContinuousClock.now + pause < claim.leaseEnd
            {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(2))
            } catch {
                return logger.failure(
                    "could not write how a webhook went", error, metadata: ["event": "\(claim.event)"])
            }
        }
    }

    private func putBack(_ claim: ClaimedDelivery, _ how: (ClaimedDelivery) async throws -> Void) async {
        do {
            try await how(claim)
        } catch {
            logger.failure("could not release a webhook", error, metadata: ["event": "\(claim.event)"])
        }
    }

    private func claim() async {
        do {
            guard !holder.wake.isStopped else { return }
            let room = DeliveryCapacity(slots: slots, running: await holder.running.claims)
            await holder.start(try await queue.claim(room), deliver)
        } catch {
            logger.failure("could not claim webhooks", error)
        }
    }

    private func rescue() async {
        do {
            let count = try await queue.rescue()
            if count > 0 {
                logger.warning("rescued webhooks of lost senders", metadata: ["count": "\(count)"])
                holder.wake.call()
            }
        } catch {
            logger.failure("could not look for lost webhooks", error)
        }
    }
}
