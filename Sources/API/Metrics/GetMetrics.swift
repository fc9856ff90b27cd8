import HTTPTypes
import Hummingbird
import Pipeline

/// `GET /metrics`: this process's requests and resources, and the queue that all nodes share, for Prometheus.
///
/// It says nothing about customers, and needs no token: the proxy must keep it internal.
struct GetMetrics: Sendable {
    let version: String
    let meter: RequestMeter
    let queue: QueueGauge
    let disks: [DiskSpace]
    private let load: @Sendable (inout PrometheusText) -> Void
    private let process = ProcessReading()

    /// - Parameter load: writes what is taken of the node's limits.
    init(
        version: String, meter: RequestMeter, queue: QueueGauge, disks: [DiskSpace],
        load: @escaping @Sendable (inout PrometheusText) -> Void
    ) {
        self.version = version
        self.meter = meter
        self.queue = queue
        self.disks = disks
        self.load = load
    }

    @Sendable
    func handle(_ request: Request, context: PublicContext) async throws -> Response {
        let queue = await queue.reading()
        var text = PrometheusText()
        text.family("verbatim_build_info", .gauge, "Always 1; the label is the running version.") {
            $0.sample(1, ["version": version])
        }
        process.write(to: &text)
        meter.write(to: &text)
        load(&text)
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
