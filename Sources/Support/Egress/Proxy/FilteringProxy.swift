import Glibc
import Synchronization

// A small forward proxy on loopback, for one child process that fetches what a customer named and cannot be trusted to
// look where it connects.
//
// It serves `CONNECT` and absolute-form requests to whoever knows its credentials. It resolves names itself, judges every
// address by the policy and connects to the address that it judged. Connections, bytes and time are bounded; nothing is
// logged. Ends, with all its connections, when it is stopped or let go.

package final class FilteringProxy: Sendable {
    package struct Limits: Sendable {
        /// At once; a further one waits until its client gives up.
        package var connections: Int
        /// Of all connections together, both ways.
        package var bytes: Int64
        package var connect: Duration
        /// Without a byte either way.
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

    /// What it met, for whoever has to say why nothing came.
    package struct Report: Sendable, Equatable {
        /// An address was asked for that the policy refuses.
        package var hasRefused = false
        /// A name did not resolve.
        package var isUnresolved = false
        /// The bytes are used up.
        package var isExhausted = false
        package var bytes: Int64 = 0

        package init() {}
    }

    package let port: UInt16
    /// What the client is to be told, as one URL.
    package var url: String { "http://\(Self.user):\(password)@127.0.0.1:\(port)" }

    private static let user = "verbatim"
    private let password: String
    private let counters: ProxyCounters
    /// Readable from when it is stopped.
    private let stopped: ProxySocket
    /// Closing this end wakes whoever waits for anything.
    private let stopper: Mutex<Int32?>

    /// Listens at once, on a port of the system's choice.
    package init(policy: AddressPolicy, resolver: NameResolver = .system, limits: Limits) throws(EgressError) {
        var generator = SystemRandomNumberGenerator()
        password = (0..<4).map { _ in String(generator.next(), radix: 36) }.joined()
        // First of all: what fails here must not hold a descriptor that nobody closes.
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
        guard ProxyThread.start({ door.serve() }) else { throw .failed(code: Int(errno)) }
    }

    deinit { stop() }

    package var report: Report { counters.report }

    /// A way to it for a child that may make no socket.
    ///
    /// - Parameters:
    ///   - first: what the child reads before anything else.
    ///   - other: gives the child a descriptor that does not lead here, when it asks for one; it is closed when it was handed over.
    package func channel(
        saying first: [UInt8], other: @escaping @Sendable () -> Int32? = { nil }
    ) throws(EgressError) -> ProxyChannel {
        try ProxyChannel(to: port, stop: stopped, saying: first, other: other)
    }

    /// Closes the door and all connections. What was under way ends within moments.
    package func stop() {
        stopper.withLock { end in
            if let descriptor = end { close(descriptor) }
            end = nil
        }
    }
}

/// What the connections of one proxy share.
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

    /// Counts bytes that were moved; false when there are to be no more.
    func count(_ bytes: Int) -> Bool {
        state.withLock { state in
            state.report.bytes += Int64(bytes)
            if state.report.bytes > limits.bytes { state.report.isExhausted = true }
            return !state.report.isExhausted
        }
    }
}

/// Starts threads that end by themselves.
enum ProxyThread {
    private final class Entry {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// False when the system has no room for one more.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        let entry = Unmanaged.passRetained(Entry(body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Entry>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, entry.toOpaque())
        guard code == 0 else {
            entry.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

/// RFC 4648, for one header field.
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
