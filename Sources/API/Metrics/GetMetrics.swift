import HTTPTypes
import Hummingbird
import Pipeline
import Settings

/// `GET /metrics`: what this process does and uses, and the queue that all nodes share, for Prometheus.
///
/// It says nothing about customers, and needs no token: the proxy must keep it internal.
struct GetMetrics: Sendable {
    let queue: QueueGauge
    let disks: [DiskSpace]
    let database: DatabaseMetrics
    /// Of a node with an API: its requests, and what is taken of its limits.
    var requests: (meter: RequestMeter, load: @Sendable (inout PrometheusText) -> Void)?
    /// Of a node with a worker.
    var work: WorkMetrics?
    private let process = ProcessReading()

    init(
        queue: QueueGauge, disks: [DiskSpace], database: DatabaseMetrics,
        requests: (meter: RequestMeter, load: @Sendable (inout PrometheusText) -> Void)? = nil, work: WorkMetrics? = nil
    ) {
        self.queue = queue
        self.disks = disks
        self.database = database
        self.requests = requests
        self.work = work
    }

    @Sendable
    func handle(_ request: Request, context: PublicContext) async throws -> Response {
        let queue = await queue.reading()
        var text = PrometheusText()
        text.family("verbatim_build_info", .gauge, "Always 1; the labels are the running version and its commit.") {
            $0.sample(1, ["version": Version.current, "commit": Version.commit ?? ""])
        }
        process.write(to: &text)
        if let requests {
            requests.meter.write(to: &text)
            requests.load(&text)
        }
        database.write(to: &text)
        await work?.write(to: &text)
        text.family(
            "verbatim_disk_free_bytes", .gauge,
            "Free bytes on the disk of the scratch folder and, if there is one, of the storage folder."
        ) {
            for disk in disks { if let free = disk.free { $0.sample(Double(free), ["disk": disk.name]) } }
        }
        text.single(
            "verbatim_database_up", .gauge,
            "1 if the queue was read from the database within the last seconds; while it is 0, the queue's metrics are left out.",
            queue == nil ? 0 : 1)
        queue?.write(to: &text)
        return Response(
            status: .ok, headers: [.contentType: PrometheusText.contentType, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text.text)))
    }
}
