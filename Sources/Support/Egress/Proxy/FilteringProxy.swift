import Addresses
import Concurrency
import Glibc
import Synchronization

// A small forward proxy on loopback for a child process that fetches a customer's URL, because such a process does not check the
// addresses to which it connects.
//
// It serves `CONNECT` and absolute-form requests with its credentials. It resolves names itself, checks every address against the
// policy, and connects to that address. Connections, bytes and time are limited. Nothing is logged. It ends with all its
// connections when it is stopped or released.

package final class FilteringProxy: Sendable {
    package struct Limits: Sendable {
        /// How many connections may be open at the same time. A further one waits.
        package var connections: Int
        /// The bytes of all connections together, in both directions.
        package var bytes: Int64
        package var connect: Duration
        /// How long a connection may be idle in both directions.
        package var idle: Duration

        package init(
            connections: Int = 32, bytes: Int64, connect: Duration = .seconds(10), idle: Duration = .seconds(60)
        ) {
            self.connections = connections
            self.bytes = bytes
            self.connect = connect
            self.idle = idle
        }
    }

    /// What happened, to explain why a fetch failed.
    package struct Report: Sendable, Equatable {
        /// The policy refused all addresses of a host.
        package var hasRefused = false
        /// A name did not resolve.
        package var isUnresolved = false
        /// The limit on bytes was reached.
        package var isExhausted = false
        package var bytes: Int64 = 0

        package init() {}
    }

    package let port: UInt16
    /// The proxy's URL for the client, with its credentials.
    package var url: String { "http://\(Self.user):\(password)@127.0.0.1:\(port)" }

    private static let user = "verbatim"
    private let password: String
    private let counters: ProxyCounters
    /// Becomes readable when the proxy is stopped.
    private let stopped: ProxySocket
    /// Closing this end wakes all waiting threads.
    private let stopper: Mutex<Int32?>

    /// Starts to listen on a port that the system chooses.
    package init(policy: AddressPolicy, resolver: NameResolver = .system, limits: Limits) throws(EgressError) {
        var generator = SystemRandomNumberGenerator()
        password = (0..<4).map { _ in String(generator.next(), radix: 36) }.joined()
        // Comes first, so that a failure leaves no descriptor open.
        guard let (listener, port) = ProxySocket.listening() else { throw .couldNotConnect }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .failed(code: Int(errno)) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let stop = ProxySocket(owning: ends[0])
        stopped = stop
        stopper = Mutex(ends[1])
        counters = ProxyCounters(limits: limits)
        self.port = port
        let authorization = "Basic " + Base64.encode(Array("\(Self.user):\(password)".utf8))
        let door = ProxyListener(
            listener: listener, stop: stop, counters: counters, policy: policy, resolver: resolver, limits: limits,
            authorization: authorization)
        do throws(DetachedThread.NotStarted) {
            try DetachedThread.start(name: "proxy") { door.serve() }
        } catch {
            throw .failed(code: Int(error.code))
        }
    }

    deinit { stop() }

    package var report: Report { counters.report }

    /// Returns a channel to the proxy for a child process that may not create sockets.
    ///
    /// - Parameters:
    ///   - first: the bytes that the child reads first.
    ///   - other: returns another descriptor if the child asks for it. The descriptor is closed after it was passed to the child.
    package func channel(
        saying first: [UInt8], other: @escaping @Sendable () -> Int32? = { nil }
    ) throws(EgressError) -> ProxyChannel {
        try ProxyChannel(to: port, stop: stopped, saying: first, other: other)
    }

    /// Stops listening and closes all connections, within moments.
    package func stop() {
        stopper.withLock { end in
            if let descriptor = end { close(descriptor) }
            end = nil
        }
    }
}

/// The counters that all connections of a proxy share.
final class ProxyCounters: Sendable {
    private struct State {
        var report = FilteringProxy.Report()
        var open = 0
    }

    private let state = Mutex(State())
    private let limits: FilteringProxy.Limits

    init(limits: FilteringProxy.Limits) { self.limits = limits }

    var report: FilteringProxy.Report { state.withLock { $0.report } }
    var hasRoom: Bool { state.withLock { $0.open < limits.connections } }

    func note(_ change: (inout FilteringProxy.Report) -> Void) { state.withLock { change(&$0.report) } }

    func enter() { state.withLock { $0.open += 1 } }
    func leave() { state.withLock { $0.open -= 1 } }

    /// Counts bytes that were moved. Returns false if the limit is exceeded.
    func count(_ bytes: Int) -> Bool {
        state.withLock { state in
            state.report.bytes += Int64(bytes)
            if state.report.bytes > limits.bytes { state.report.isExhausted = true }
            return !state.report.isExhausted
        }
    }
}

/// Base64 (RFC 4648) for a header field.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let number = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let isThere = place <= group.count
                text.append(isThere ? alphabet[Int(number >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
