import Logging
import Postgres
import ServiceLifecycle
import Tenancy

/// Sends due events, many at a time, until it is told to stop.
///
/// Every claim is a lease. If a sender dies, the event is sent again after the lease, with the same id. An attempt begins only if its result can
/// still be stored within the lease, and storing it is retried until then. So an acknowledged event is not sent again because of a short
/// problem of the database. On shutdown it claims no more events and waits for the attempts in progress, at most as long as an attempt may
/// take. The rest is handed back.
package struct WebhookSender: Service {
    /// How much longer than an attempt a claim must hold, so that the result can be stored.
    private static let margin = Duration.seconds(10)

    private let databases: Databases
    private let queue: DeliveryQueue
    private let deliveryClient: DeliveryClient
    private let masterKey: MasterKey
    private let slots: Int
    private let drain: Duration
    private let clock: @Sendable () -> Timestamp
    private let meter: WorkMeter
    private let logger: Logger

    private let holder = LeaseHolder<ClaimedDelivery>()
    private let due: AsyncStream<Void>
    private let lost: AsyncStream<Void>

    /// - Parameters:
    ///   - poller: the node's.
    ///   - slots: how many attempts may be in progress at the same time.
    ///   - drain: how long attempts may take to end on shutdown.
    ///   - lease: how long a claim holds.
    ///   - meter: counts what is sent.
    package init(
        databases: Databases, deliveryClient: DeliveryClient, masterKey: MasterKey, poller: WorkPoller,
        slots: Int = 256,
        drain: Duration = DeliveryClient.timeout + .seconds(1), lease: Duration = DeliveryQueue.lease,
        clock: @escaping @Sendable () -> Timestamp = Timestamp.now, meter: WorkMeter = WorkMeter(), logger: Logger
    ) {
        self.databases = databases
        queue = DeliveryQueue(databases: databases, lease: lease, clock: clock)
        due = poller.calls { DeliveryQueue.isAnythingDue(at: clock()) }
        lost = poller.calls { DeliveryQueue.isAnyLost }
        self.deliveryClient = deliveryClient
        self.masterKey = masterKey
        self.slots = slots
        self.drain = drain
        self.clock = clock
        self.meter = meter
        self.logger = logger
    }

    package func run() async throws {
        await holder.run(
            drain: drain, due: due, claim: claim,
            background: { group in group.addTask { for await _ in lost { await rescue() } } })
        await deliveryClient.close()
        // A service that returns before the shutdown would end the whole process.
        try? await gracefulShutdown()
    }

    /// Claims no more events from now on. Attempts in progress continue.
    package func stopClaiming() {
        holder.wake.stop()
    }

    /// Makes an attempt and stores its result. Does not throw: if the result cannot be stored, the lease expires.
    package func deliver(_ claim: ClaimedDelivery) async {
        await TraceContext.$current.withValue(claim.trace) { await deliverInTrace(claim) }
    }

    private func deliverInTrace(_ claim: ClaimedDelivery) async {
        guard let (result, begunAt) = await send(claim) else {
            return await Task { await putBack(claim, queue.release) }.value
        }
        // Unstructured, so that the result is also stored while this node is stopping.
        await Task { [isStopped = Task.isCancelled] in
            if result.error == .interrupted, isStopped {
                await putBack(claim, queue.interrupt)
            } else {
                await keep(claim, result, begunAt: begunAt)
            }
        }.value
    }

    /// Sends the event. Returns the result and when the attempt began; nil if nothing was sent, because the secret could not be read or too little
    /// time was left.
    private func send(_ claim: ClaimedDelivery) async -> (DeliveryResult, Timestamp)? {
        let (masterKey, now) = (masterKey, clock())
        let log = ["tenant": "\(claim.tenant)", "event": "\(claim.event)"] as Logger.Metadata
        let secrets: WebhookSecrets
        do {
            // An account without a secret gets one here.
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

    /// Stores the result of an attempt. Retries while the database is busy or does not answer, as long as the claim holds.
    private func keep(_ claim: ClaimedDelivery, _ result: DeliveryResult, begunAt: Timestamp) async {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                guard try await queue.finish(claim, result, begunAt: begunAt) else {
                    return logger.warning("webhook lost to another sender", metadata: ["event": "\(claim.event)"])
                }
                return meter.sentWebhook(result.error?.rawValue, lag: clock() - claim.firstTry)
            } catch let error as PostgresError
                where (error.isUnavailable || error.isCongestion) && ContinuousClock.now + pause < claim.leaseEnd
            {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(2))
            } catch {
                return logger.failure(
                    "could not store a webhook's result", error, metadata: ["event": "\(claim.event)"])
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
