import Foundation

/// Stands between a client and the test server of PostgreSQL, and can stop passing anything on, as a network does that has lost a
/// machine: connections stay open, and nothing comes.
///
/// It ends, with all its connections, when the last reference goes.
package final class StallingProxy: Sendable {
    package struct CannotListen: Error {}

    /// The database's URL by way of this proxy.
    package let url: String
    private let folder: TemporaryFolder
    private let listener: Int32
    private let lines = Lines()

    /// - Parameter database: the URL of a database on a Unix socket, as the test cluster's are.
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

    /// Nothing goes through the connections that there are any more; new ones work.
    package func stallConnections() { lines.stall(newOnes: false) }

    /// Nothing goes through any connection, also not through new ones.
    package func stall() { lines.stall(newOnes: true) }

    /// Ends the connections that there are, as when a way breaks: the server goes on with what it has been told. New ones work.
    package func cut() { lines.cut() }

    /// All goes on, and what was held back arrives.
    package func resume() { lines.resume() }

    /// `bind` or `connect` for the socket of PostgreSQL in that folder.
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

/// The connections through a proxy, each with a thread a direction.
// Unchecked because all that changes is read and written under the condition's lock.
private final class Lines: @unchecked Sendable {
    private let condition = NSCondition()
    private var descriptors: [Int32] = []
    /// Those of the connections through which nothing goes.
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

    /// Closes nothing: the descriptors are the process's until it ends, so that no thread ever writes to another's.
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
