// Starts threads for C calls that block, because those must never run on Swift's cooperative pool.

import CPostgres
import Glibc

enum DetachedThread {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new thread that ends with it. The kernel shows 15 bytes of `name`.
    /// - Throws: `PostgresError` `.connectionLost` if the system cannot start a thread.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) throws {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Address space, not memory: room for what a transaction's closure may do, such as encoding nested JSON.
        pthread_attr_setstacksize(&attributes, 4 << 20)
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                cpg_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw PostgresError.connectionLost("no thread could be started for a database connection (errno \(status))")
        }
    }
}
