import Addresses
import Concurrency
import Glibc

/// The listening side of a proxy, with everything that its connections need.
struct ProxyListener: Sendable {
    let listener: ProxySocket
    let stop: ProxySocket
    let counters: ProxyCounters
    let policy: AddressPolicy
    let resolver: NameResolver
    let limits: FilteringProxy.Limits
    /// The only accepted value of `Proxy-Authorization`.
    let authorization: String

    private static let pause = Duration.milliseconds(20)

    /// Accepts connections until the proxy is stopped, and serves each on a thread of its own.
    func serve() {
        while let ready = ProxySocket.wait(
            [(listener, Int16(POLLIN))], stop: stop, until: ContinuousClock.now + .seconds(3600))
        {
            guard ready[0] != 0 else { continue }
            // Waits until a connection ends or a descriptor is free, instead of rejecting the client.
            guard counters.hasRoom, let client = listener.accept() else {
                if ProxySocket.wait([(listener, 0)], stop: stop, until: ContinuousClock.now + Self.pause) == nil,
                    isStopped
                {
                    return
                }
                continue
            }
            counters.enter()
            do throws(DetachedThread.NotStarted) {
                try DetachedThread.start(name: "proxy") { [self] in
                    ProxyExchange(client: client, door: self).run()
                    counters.leave()
                }
            } catch {
                counters.leave()
            }
        }
    }

    private var isStopped: Bool {
        var entry = pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }
}
