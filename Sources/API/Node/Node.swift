import Egress
import Foundation
import Hummingbird
import Logging
import Pipeline
import Postgres
import ServiceLifecycle
import Settings
import Tenancy
import UnixSignals

/// One process of a deployment: an API, a worker or both, wired from its settings.
struct Node: Sendable {
    enum Role: Sendable {
        case serve, api, worker

        var answers: Bool { self != .worker }
        var works: Bool { self != .api }
    }

    let role: Role
    let settings: NodeSettings
    /// How the file descriptors of this process are divided.
    let plan: OpenFilePlan
    let logger: Logger

    /// - Parameter openFiles: file descriptors that this process may have; nil if the system doesn't say.
    init(role: Role, settings: NodeSettings, openFiles: Int?, logger: Logger) throws {
        let limit = openFiles ?? .max
        plan = OpenFilePlan(
            limit: limit, slots: settings.workerSlots, fetches: settings.fetchSlots,
            cores: ProcessInfo.processInfo.activeProcessorCount, answers: role.answers, works: role.works,
            shares: settings.databaseShares, measures: settings.metricsAddress != nil)
        guard limit >= plan.least else { throw StartupFailure.TooFewOpenFiles(limit: limit, least: plan.least) }
        self.role = role
        self.settings = settings
        self.logger = logger
    }

    /// Runs until SIGTERM or SIGINT, then drains.
    func run() async throws {
        let migrator = try Migrator(directory: settings.installation.migrations)
        try await migrator.requireCurrent(url: settings.databaseDirectURL, logger: logger)
        try ScratchFolder.prepare(settings.scratch)

        let databases = Databases(
            url: settings.databaseURL, shares: settings.databaseShares,
            isPooled: settings.databaseURL != settings.databaseDirectURL,
            preparesStatements: settings.databasePreparesStatements, idleLimit: settings.databaseIdleTimeout,
            outage: Outage(of: "the database", logger: logger), logger: logger)
        // Checked now, not at the first webhook that cannot be signed.
        let clock = try await databases.system.transaction { [settings] transaction in
            try settings.masterKey.requireRight(in: transaction)
            return try ClockSkew.now(in: transaction)
        }
        if clock.isNoticeable {
            logger.log(level: clock.isBroken ? .error : .warning, "\(clock.text); have both follow NTP")
        }
        let egress = EgressClient(
            configuration: .node(
                slots: settings.workerSlots, fetches: settings.fetchSlots, policy: settings.addressPolicy),
            logger: logger)
        let testClient = DeliveryClient(
            policy: settings.addressPolicy, concurrency: OpenFilePlan.webhookTests, logger: logger)
        let storage = MonitoredStorage(
            try settings.storage.open(
                scratch: ScratchSpace(folder: settings.scratch, bytes: settings.scratchBytes),
                concurrency: EgressConfiguration.store(slots: settings.workerSlots, fetches: settings.fetchSlots),
                logger: logger),
            logger: logger)
        var disks = [DiskSpace(scratch: settings.scratch, bytes: settings.scratchBytes, logger: logger)]
        if case .folder(let folder) = settings.storage { disks.append(DiskSpace(storage: folder, logger: logger)) }
        let diskMonitor = DiskMonitor(disks)
        await diskMonitor.look()
        let media = MediaToolClient(
            executable: settings.installation.executables + "/verbatim-media",
            maxConcurrentProbes: ProcessInfo.processInfo.activeProcessorCount, logger: logger)

        let trafficDrain = TrafficDrain(delay: role.answers ? settings.shutdownDelay : .zero, logger: logger)
        // In the order of their start. They stop in the opposite order, so the worker drains while its engine still runs.
        var services: [any Service] = [diskMonitor, SpoolSweep(root: settings.uploads, logger: logger)]
        let poller = WorkPoller(databases: databases, logger: logger)
        services.append(poller)
        let provenance = ProvenanceKeys(databases: databases, masterKey: settings.masterKey)
        // Tries the master key now, not at the first job that ends.
        _ = try await provenance.signing()
        services.append(
            SimulatedJobs(
                databases: databases, poller: poller, provenance: provenance, publicURL: settings.publicURL,
                logger: logger))
        var engine: EngineReadiness?
        var work: WorkMetrics?
        if role.works {
            let server = try modelServer(egress, &services)
            let readiness = EngineReadiness(server: server, logger: logger)
            engine = readiness
            let meter = WorkMeter()
            work = WorkMetrics(meter: meter, engine: readiness)
            let worker = worker(databases, provenance, storage, media, server, readiness, egress, poller, meter)
            let sender = sender(databases, poller, meter)
            services.append(sender)
            services.append(worker)
            services.append(OrphanSweep(databases: databases, storage: storage, logger: logger))
            services.append(AccountSweep(databases: databases, poller: poller, logger: logger))
            services.append(ClaimStop(worker: worker, sender: sender))
        }
        let health = HealthRoutes(
            readiness: Readiness(
                databases: databases, migrator: migrator, storage: storage, engine: engine, scratch: disks.first,
                logger: logger), trafficDrain: trafficDrain)
        var metrics = GetMetrics(
            queue: QueueGauge(databases: databases, logger: logger), disks: disks,
            database: DatabaseMetrics(databases: databases), work: work)
        if role.answers {
            let end = role.works ? services.removeLast() : nil
            services += try await api(
                databases, provenance, storage, media, health, &metrics, disks, egress, testClient, trafficDrain)
            services += [end].compactMap(\.self)
        }
        if let address = settings.metricsAddress {
            // Before all others, so that it answers until they have stopped.
            services.insert(
                MetricsServer(host: address.host, port: address.port).service(health, metrics, logger), at: 0)
        }
        let group = ServiceGroup(configuration: lifecycle(services))
        do {
            try await group.run()
        } catch {
            await close(databases, egress, testClient)
            throw error
        }
        await close(databases, egress, testClient)
    }

    private func close(_ databases: Databases, _ egress: EgressClient, _ testClient: DeliveryClient) async {
        await testClient.close()
        await egress.close()
        await databases.close()
    }

    /// The model server that the settings name, or a child of this process.
    private func modelServer(_ egress: EgressClient, _ services: inout [any Service]) throws -> ModelServer {
        if let url = settings.inferenceURL { return ModelServer(address: .url(url), client: egress) }
        let process = try ModelServerProcess(
            configuration: .init(
                launcher: settings.installation.root + "/inference/serve", model: settings.whisperModel,
                diarizationModel: settings.diarizationModel, workers: settings.workerSlots),
            folder: settings.scratch, logger: logger)
        services.append(process)
        return ModelServer(address: .unixSocket(process.socket), client: egress)
    }

    private func worker(
        _ databases: Databases, _ provenance: ProvenanceKeys, _ storage: any Storage, _ media: MediaToolClient,
        _ server: ModelServer, _ readiness: EngineReadiness, _ egress: EgressClient, _ poller: WorkPoller,
        _ meter: WorkMeter
    ) -> Worker {
        var listening = PostgresPool.Configuration(
            url: settings.databaseDirectURL, role: "verbatim_system", size: 1)
        listening.outage = databases.outage
        return Worker(
            queue: TaskQueue(databases: databases, worker: "\(ProcessInfo.processInfo.hostName):\(getpid())"),
            work: TaskWork(
                Stages(
                    databases: databases, storage: storage, media: media, server: server,
                    recognizer: settings.engines.recognizer(
                        server: server, client: egress,
                        refusals: EngineRefusals(databases: databases, logger: logger), logger: logger),
                    provenance: provenance, sources: sources(egress), scratch: settings.scratch,
                    sourceRetention: settings.sourceRetention,
                    publicURL: settings.publicURL, readiness: readiness, meter: meter, logger: logger)),
            listener: PostgresListener(
                configuration: listening, channels: [QueueHint.channel], logger: logger), poller: poller,
            slots: settings.workerSlots, fetches: settings.fetchSlots, logger: logger)
    }

    private func sender(_ databases: Databases, _ poller: WorkPoller, _ meter: WorkMeter) -> WebhookSender {
        let slots = plan.webhooks
        return WebhookSender(
            databases: databases,
            deliveryClient: DeliveryClient(policy: settings.addressPolicy, concurrency: slots, logger: logger),
            masterKey: settings.masterKey, poller: poller, slots: slots, meter: meter, logger: logger)
    }

    private func sources(_ egress: EgressClient) -> SourceFetcher {
        let installation = YtDlpInstallation(folder: settings.installation.root + "/ingest")
        if !installation.isComplete {
            logger.warning("yt-dlp is not installed: URLs of pages will be refused; ingest/install installs it")
        }
        return SourceFetcher(
            client: egress, policy: settings.addressPolicy,
            pages: installation.isComplete
                ? YtDlp(installation: installation, policy: settings.addressPolicy, logger: logger) : nil,
            scratch: settings.scratch, pagesAtOnce: max(1, settings.fetchSlots / 2), logger: logger)
    }

    private func api(
        _ databases: Databases, _ provenance: ProvenanceKeys, _ storage: any Storage, _ media: MediaToolClient,
        _ health: HealthRoutes,
        _ metrics: inout GetMetrics, _ disks: [DiskSpace], _ egress: EgressClient, _ testClient: DeliveryClient,
        _ trafficDrain: TrafficDrain
    ) async throws -> [any Service] {
        let tokens = AccessTokens(databases: databases, masterKey: settings.masterKey)
        // Tries the master key now, not at the first login.
        _ = try await tokens.publicKeys()
        let revocations = try await RevocationPoller(
            databaseURL: settings.databaseDirectURL, outage: databases.outage, logger: logger)
        let keys = Poller(what: "the signing keys", every: .seconds(10), logger: logger) { try await tokens.reload() }
        let proxies = TrustedProxies(blocks: settings.trustedProxies)
        let server = HTTPServer<PublicContext>(settings: serverSettings(proxies))
        let webhooks = WebhookAddress(egress: egress)
        let hint = QueueHint(databases: databases, logger: logger)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let document = try APIDocument(path: settings.installation.apiDocument)
        let spool = try await Spool.open(
            at: settings.uploads, budgetBytes: settings.scratchBytes, maximumFiles: plan.uploads,
            timeout: .seconds(30), room: disks.first, isFlushed: settings.storage.isFolder)
        let argon2 = Argon2(threads: min(cores, 4))
        let members = MemberSignIn(databases: databases, argon2: argon2)
        let renderer = TranscriptRenderer()
        let watch = JobWatch(pool: databases.system, connections: plan.connections, logger: logger)
        metrics.requests = (
            meter: server.meter,
            load: NodeLoad(connections: server.connections, spool: spool, media: media, argon2: argon2).write(to:)
        )
        Routes(
            auth: AuthRoutes(
                authenticator: Authenticator(
                    databases: databases, argon2: argon2, tokens: tokens),
                tokens: tokens, provenance: provenance, proxies: proxies),
            authentication: AuthenticationMiddleware(
                tokens: tokens, revocations: revocations.revocations, proxies: proxies, members: members),
            health: health,
            metrics: metrics,
            documents: DocumentRoutes(document, address: settings.publicURL),
            app: AppRoutes(try DashboardFiles(folder: settings.installation.dashboard)),
            createJob: CreateJob(
                databases: databases,
                uploads: UploadReader(spool: spool), slots: UploadSlots(pool: databases.app),
                media: media, storage: storage,
                admission: Admission(databases: databases, hint: hint),
                webhooks: webhooks, policy: settings.addressPolicy),
            estimateJob: EstimateJob(databases: databases, egress: egress, policy: settings.addressPolicy),
            getJob: GetJob(databases: databases, watch: watch), listJobs: ListJobs(databases: databases),
            getTranscript: GetTranscript(databases: databases, renderer: renderer),
            getProvenance: GetProvenance(databases: databases),
            cancelJob: CancelJob(databases: databases, hint: hint),
            deleteJob: DeleteJob(databases: databases), deleteTranscript: DeleteTranscript(databases: databases),
            corrections: CorrectionRoutes(
                databases: databases, renderer: renderer, provenance: provenance, publicURL: settings.publicURL),
            speakers: SpeakerRoutes(databases: databases, renderer: renderer),
            keys: KeyRoutes(databases: databases, argon2: argon2),
            members: MemberRoutes(
                databases: databases, members: members, proxies: proxies, publicURL: settings.publicURL),
            accountLimits: AccountLimitsRoutes(databases: databases),
            getUsage: GetUsage(databases: databases), getPlans: GetPlans(databases: databases),
            statements: StatementRoutes(databases: databases),
            getDeliveries: GetDeliveries(databases: databases),
            postDeliveries: PostDeliveries(databases: databases, publicURL: settings.publicURL),
            getWebhook: GetWebhook(databases: databases),
            putWebhook: PutWebhook(databases: databases, addresses: webhooks),
            webhooks: WebhookRoutes(databases: databases, addresses: webhooks),
            testWebhook: TestWebhook(
                databases: databases, deliveryClient: testClient, masterKey: settings.masterKey),
            webhookSecret: WebhookSecretRoutes(databases: databases, masterKey: settings.masterKey)
        ).add(to: server.router)
        let cleanup = SessionCleanup(
            sweep: SessionSweep(pool: databases.system), pool: databases.system, logger: logger)
        let host = settings.host
        let logger = logger
        let application = server.application(logger: logger) { port in
            logger.info("listening", metadata: ["address": "http://\(host):\(port)"])
        }
        return [revocations, keys, cleanup, application, watch, trafficDrain]
    }

    private func serverSettings(_ proxies: TrustedProxies) -> HTTPServerSettings {
        var server = HTTPServerSettings(
            host: settings.host, port: settings.port, publicURL: settings.publicURL, proxies: proxies)
        server.corsOrigins = settings.corsOrigins
        server.connectionGuard.idleTimeout = .seconds(settings.idleTimeout.components.seconds)
        server.connections = ConnectionLimits(
            places: plan.connections, reserve: plan.reserve, proxies: settings.trustedProxies)
        return server
    }

    private func lifecycle(_ services: [any Service]) -> ServiceGroupConfiguration {
        var configuration = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // Longer than the worker's drain; a stalled upload or a stuck child must not hold a node up for ever.
        configuration.maximumGracefulShutdownDuration = .seconds(40) + (role.answers ? settings.shutdownDelay : .zero)
        configuration.maximumCancellationDuration = .seconds(5)
        return configuration
    }
}

/// Makes the worker and the webhook sender stop claiming as soon as a shutdown begins.
///
/// Services stop one after the other, the last one first. This one is last, so worker and sender take nothing new while the API before it
/// still ends its uploads.
struct ClaimStop: Service {
    let worker: Worker
    let sender: WebhookSender

    func run() async throws {
        try? await gracefulShutdown()
        worker.stopClaiming()
        sender.stopClaiming()
    }
}
