// The work of a listener's thread: connect, LISTEN, wait for the socket or the wake-up, connect again.

import CPostgres
import Glibc
import Logging

struct ListenLoop {
    let configuration: PostgresPool.Configuration
    let channels: [String]
    let logger: Logger
    let wake: WakePipe
    let notifications: AsyncStream<PostgresNotification>.Continuation
    private var failures = 0

    init(
        configuration: PostgresPool.Configuration, channels: [String], logger: Logger, wake: WakePipe,
        notifications: AsyncStream<PostgresNotification>.Continuation
    ) {
        self.configuration = configuration
        self.channels = channels
        self.logger = logger
        self.wake = wake
        self.notifications = notifications
    }

    /// Runs until `wake` is signaled.
    mutating func run() {
        repeat {
            do {
                return try listen()
            } catch {
                let known = error as? PostgresError
                let error: any Error =
                    known.flatMap { configuration.outage?.watch($0, since: configuration.outage?.mark ?? 0) } ?? error
                logger.failure("listening for notifications was interrupted", error, level: .warning)
            }
            failures += 1
        } while !isWoken(within: pause)
    }

    /// Milliseconds before the next attempt: 100 ms, doubled each time up to 10 s. Up to half of it is cut at random, so that nodes do not all
    /// come back at once.
    private var pause: Int32 {
        let longest = 100 << min(failures - 1, 7)
        return Int32(Int.random(in: min(longest, 10_000) / 2...min(longest, 10_000)))
    }

    private mutating func listen() throws {
        let mark = configuration.outage?.mark
        let session = try PostgresSession(configuration: configuration, logger: logger)
        for channel in channels { try session.listen(to: channel) }
        failures = 0
        configuration.outage?.works(since: mark)
        notifications.yield(.reconnected)
        while true {
            while let notification = session.nextNotification() { notifications.yield(notification) }
            var descriptors = [
                pollfd(fd: PQsocket(session.connection), events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0),
            ]
            let ready = poll(&descriptors, 2, 60_000)
            if descriptors[1].revents != 0 { return }
            // After a minute of silence it pings, to notice a server that vanished.
            let isAlive = ready == 0 ? session.ping() : PQconsumeInput(session.connection) == 1 && session.isAlive
            guard isAlive else { throw PostgresError.connectionLost("the connection was lost") }
        }
    }

    private func isWoken(within milliseconds: Int32) -> Bool {
        var descriptor = pollfd(fd: wake.readEnd, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, milliseconds) > 0
    }
}

extension PostgresSession {
    fileprivate func listen(to channel: String) throws {
        guard let quoted = PQescapeIdentifier(connection, channel, channel.utf8.count) else {
            throw PostgresError.usage("the channel's name is not UTF-8 text")
        }
        defer { PQfreemem(quoted) }
        try runScript("LISTEN \(String(cString: quoted))")
    }

    fileprivate func nextNotification() -> PostgresNotification? {
        guard let notify = PQnotifies(connection) else { return nil }
        defer { PQfreemem(notify) }
        return PostgresNotification(
            channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra))
    }
}
