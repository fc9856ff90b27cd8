/// The result of one of the doctor's checks, in a sentence that says what to do if something must be done.
struct Finding: Sendable, Encodable {
    enum State: String, Sendable, Encodable {
        case ok
        /// Works, or will, but not as well as it might.
        case warn
        /// Keeps a node from working.
        case fail

        /// As people read it. A failure is in capitals, so that it stands out.
        var label: String { self == .fail ? "FAIL" : rawValue }
    }

    let check: String
    let state: State
    let message: String

    static func ok(_ check: String, _ message: String) -> Finding {
        Finding(check: check, state: .ok, message: message)
    }

    static func warn(_ check: String, _ message: String) -> Finding {
        Finding(check: check, state: .warn, message: message)
    }

    static func fail(_ check: String, _ message: String) -> Finding {
        Finding(check: check, state: .fail, message: message)
    }
}
