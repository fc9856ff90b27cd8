// Owns one libpq connection and its prepared statements. Everything here blocks and belongs to one thread.
//
// On failure: a session whose connection is lost stays lost (`isAlive` is false). Its owner drops it and opens another.

import CPostgres
import Glibc
import Logging

final class PostgresSession {
    let connection: OpaquePointer
    let canceller: StatementCanceller
    /// The running work.
    private var ticket: CancelTicket?
    var statements = StatementCache(capacity: 256)
    /// How many statements of the last batch have succeeded.
    var answered = 0
    /// The time-outs that the server has for this session; nil if that isn't known, or not our business.
    var timeouts: SessionTimeouts?
    /// The server's last error.
    var lastError: PostgresError?
    /// Set if the connection is in an unknown state.
    var isBroken = false
    private let cutter = SocketCutter()
    private let workTimeout: Duration?
    /// What the server reports of superuser rights in the role that statements shall have; nil if they may have any.
    private var superuserInRole: String?
    let preparesStatements: Bool
    private let notices: NoticeLog

    /// Connects, sets the time-outs and the role.
    /// - Throws: `PostgresError` `.usage` for a URL that libpq cannot read, `.connectionLost` if the server cannot be reached
    ///   or rejects the connection, `.server` if it rejects a setting or the role.
    init(configuration: PostgresPool.Configuration, logger: Logger) throws {
        let connection = try Self.connect(configuration)
        guard PQstatus(connection) == CONNECTION_OK, let canceller = StatementCanceller(connection: connection) else {
            let reason = String(cString: PQerrorMessage(connection)).split(separator: "\n").first ?? "out of memory"
            PQfinish(connection)
            throw PostgresError.connectionLost("cannot connect: \(reason)")
        }
        self.connection = connection
        self.canceller = canceller
        preparesStatements = configuration.preparesStatements
        // Of shared connections each pool has a limit of its own.
        workTimeout = configuration.settings == .kept ? configuration.workTimeout : nil
        notices = NoticeLog(logger: logger)
        notices.attach(to: connection)
        cutter.attach(to: PQsocket(connection))
        let fuse = cutter.fuse(configuration.workTimeout)
        defer { fuse?.cancel() }
        guard configuration.settings == .kept else { return }
        // If this throws, `deinit` closes the connection.
        let superuser = try Self.setUp(connection, configuration)
        superuserInRole = configuration.role.flatMap { _ in superuser }
    }

    deinit {
        cutter.detach()
        PQfinish(connection)
    }

    /// Runs calls that block, and cuts the connection if they take longer than `limit` or `workTimeout`.
    func bounded<T>(_ limit: Duration?, _ body: () -> T) -> T {
        let fuse = cutter.fuse([limit, workTimeout].compactMap(\.self).min())
        defer { fuse?.cancel() }
        return body()
    }

    var isAlive: Bool { !isBroken && PQstatus(connection) == CONNECTION_OK }
    var isIdle: Bool { PQtransactionStatus(connection) == PQTRANS_IDLE }
    var isInTransaction: Bool { PQtransactionStatus(connection) == PQTRANS_INTRANS }
    var isInFailedTransaction: Bool { PQtransactionStatus(connection) == PQTRANS_INERROR }
    var isReusable: Bool { isAlive && isIdle && !canceller.wasEverUsed && !hasLeftRole }

    func begin(_ ticket: CancelTicket) {
        ticket.start(canceller)
        self.ticket = ticket
    }

    /// Whether the task of the running work was cancelled.
    var isCancelled: Bool { ticket?.isCancelled ?? false }

    /// From now on, no more cancel requests are sent.
    func endTicket() {
        ticket?.end()
        ticket = nil
    }

    /// Whether a statement left the role, such as RESET ROLE. It shows if the session's superuser rights change, which the
    /// server reports.
    var hasLeftRole: Bool { superuserInRole.map { $0 != Self.superuser(connection) } ?? false }

    private static func connect(_ configuration: PostgresPool.Configuration) throws -> OpaquePointer {
        // libpq's own message about an unreadable URL would quote it, password included.
        guard let options = PQconninfoParse(configuration.url, nil) else {
            throw PostgresError.usage("the database URL is not one that libpq can read")
        }
        PQconninfoFree(options)
        let timeout = max(2, (configuration.connectTimeout.wholeMilliseconds + 999) / 1000)
        // Later entries win: the URL over our keepalives, and the settings after it over the URL.
        let settings: [(String, String)] = [
            ("keepalives", "1"), ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "30000"), ("dbname", configuration.url), ("connect_timeout", "\(timeout)"),
            ("application_name", configuration.applicationName), ("client_encoding", "UTF8"),
        ]
        let keywords = settings.map { strdup($0.0) } + [nil]
        let values = settings.map { strdup($0.1) } + [nil]
        defer { for pointer in keywords + values { free(pointer) } }
        guard
            let connection = PQconnectdbParams(
                keywords.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 1)
        else { throw PostgresError.connectionLost("cannot connect: out of memory") }
        return connection
    }

    /// Returns what the server reports about superuser rights after the role is set.
    private static func setUp(
        _ connection: OpaquePointer, _ configuration: PostgresPool.Configuration
    ) throws -> String? {
        var sql = """
            SET statement_timeout = \(configuration.statementTimeout.wholeMilliseconds);
            SET lock_timeout = \(configuration.lockTimeout.wholeMilliseconds);
            SET idle_in_transaction_session_timeout = \(configuration.idleInTransactionTimeout.wholeMilliseconds);
            SET TimeZone = 'UTC';
            """
        if let role = configuration.role {
            guard let quoted = PQescapeIdentifier(connection, role, role.utf8.count) else {
                throw PostgresError.usage("the role's name is not UTF-8 text")
            }
            sql += "SET ROLE \(String(cString: quoted));"
            PQfreemem(quoted)
        }
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else {
            throw PostgresError(result: result, lost: PQstatus(connection) != CONNECTION_OK)
        }
        return superuser(connection)
    }

    private static func superuser(_ connection: OpaquePointer) -> String? {
        PQparameterStatus(connection, "is_superuser").map { String(cString: $0) }
    }
}
