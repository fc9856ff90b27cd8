import Foundation

/// A proxy between a client and the tests' PostgreSQL server that can stop forwarding, as if the network had lost the machine: connections
/// stay open, and nothing arrives.
///
/// It ends, with all its connections, when the last reference to it is gone.
package final class StallingProxy: Sendable {
    package struct CannotListen: Error {}

    /// The database's URL through this proxy.
    package let url: String
    private let folder: TemporaryFolder
    private let listener: Int32
    private let lines = Lines()

    /// - Parameter database: the URL of a database on a Unix socket, such as one of the test cluster.
    package init(to database: String) throws {
        guard var parts = URLComponents(string: database),
            let server = parts.queryItems?.first(where: { $0.name == "host" })?.value
        else { throw CannotListen() }
        folder = try TemporaryFolder()
        parts.queryItems = [URLQueryItem(name: "host", value: folder.path)]
        guard let url = parts.string else { throw CannotListen() }
        self.url = url
        listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard listener >= 0, Self.call(bind, listener, folder.path), listen(listener, 64) == 0 else {
            throw CannotListen()
        }
        let (listener, lines) = (listener, lines)
        Thread.detachNewThread {
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
                guard Self.call(connect, upstream, server) else {
                    close(client)
                    close(upstream)
                    continue
                }
                lines.add(client, upstream)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
        lines.end()
        folder.remove()
    }

    /// Stops forwarding on existing connections. New ones work.
    package func stallConnections() { lines.stall(newOnes: false) }

    /// Stops forwarding on all connections, also on new ones.
    package func stall() { lines.stall(newOnes: true) }

    /// Ends existing connections, as if a network path broke. The server finishes the statements that it has received. New connections work.
    package func cut() { lines.cut() }

    /// Forwards again, and delivers what was held back.
    package func resume() { lines.resume() }

    /// Calls `bind` or `connect` for the PostgreSQL socket in that folder.
    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32, _ descriptor: Int32, _ folder: String
    ) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = Array("\(folder)/.s.PGSQL.5432".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}

/// The connections through a proxy. Each has one thread per direction.
// Unchecked because all variables are read and written under the condition's lock.
private final class Lines: @unchecked Sendable {
    private let condition = NSCondition()
    private var descriptors: [Int32] = []
    /// The descriptors of stalled connections.
    private var stalled: Set<Int32> = []
    private var isStalled = false

    func add(_ client: Int32, _ upstream: Int32) {
        condition.withLock {
            descriptors += [client, upstream]
            if isStalled { stalled.formUnion([client, upstream]) }
        }
        for (source, target) in [(client, upstream), (upstream, client)] {
            Thread.detachNewThread { self.pump(source, target) }
        }
    }

    func stall(newOnes: Bool) {
        condition.withLock {
            stalled = Set(descriptors)
            isStalled = newOnes
        }
    }

    func resume() {
        condition.withLock {
            (stalled, isStalled) = ([], false)
            condition.broadcast()
        }
    }

    /// Ends all connections. Their descriptors stay open until the process ends, so that no thread writes to a reused one.
    func end() {
        resume()
        cut()
    }

    func cut() {
        condition.withLock { for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    private func pump(_ source: Int32, _ target: Int32) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(source, &bytes, bytes.count)
            condition.withLock { while stalled.contains(source) { condition.wait() } }
            guard count > 0, send(target, bytes, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(target, Int32(SHUT_RDWR))
    }
}
