import CProcess
import Glibc

/// A thread for work that blocks for long or without end: a connection's loop, a server's. `BlockingCalls` is for calls that return.
///
/// How many there are is the caller's to bound.
package enum DetachedThread {
    /// The system had no thread to give.
    package struct NotStarted: Error, CustomStringConvertible {
        /// As of `errno`.
        package let code: Int32

        package var description: String { "no thread could be started (errno \(code))" }
    }

    private final class Start {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Runs `body` on a new thread that ends with it.
    ///
    /// - Parameter name: The thread's, for debuggers; the kernel shows 15 bytes of it.
    package static func start(name: String, _ body: @escaping @Sendable () -> Void) throws(NotStarted) {
        // Not `pthread_attr_t()`: together with Dispatch, the compiler takes that initializer for a module's that cannot be imported.
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Reserved, not used; whatever the shell's limit is. Room for what a transaction's closure may do, such as encode nested JSON.
        pthread_attr_setstacksize(attributes, 4 << 20)
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                verbatim_name_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw NotStarted(code: code)
        }
    }
}
