// Writes the server's notices to the log, at debug level. libpq would print them on standard error.

import CPostgres
import Logging

final class NoticeLog {
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// The owner of the connection must keep this object as long as the connection.
    func attach(to connection: OpaquePointer) {
        PQsetNoticeReceiver(
            connection,
            { context, result in
                guard let context, let result else { return }
                // Only the primary message, because DETAIL may contain data.
                guard let message = PQresultErrorField(result, Int32(CPG_MESSAGE_PRIMARY)) else { return }
                Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().logger
                    .debug("PostgreSQL notice: \(String(cString: message))")
            },
            Unmanaged.passUnretained(self).toOpaque())
    }
}
