import Synchronization

/// What all connections of a simulator share.
final class SimulatedService: Sendable {
    struct State: Sendable {
        var account: SimulatedAccount
        var calls: [SimulatorRoute: Int] = [:]
        var traces: [String] = []
        var faults: [SimulatorRoute: SimulatorScript<SimulatorFault>] = [:]
    }

    let state: Mutex<State>

    init(settings: SimulatorSettings) {
        state = Mutex(State(account: SimulatedAccount(settings: settings)))
    }

    /// Counts a call, and says what is to go wrong with it.
    func begin(_ route: SimulatorRoute) -> SimulatorFault? {
        state.withLock { state in
            state.calls[route, default: 0] += 1
            return state.faults[route]?.next()
        }
    }

    func answer(_ call: SimulatedCall) -> SimulatedResponse {
        state.withLock { state in
            if let trace = call.traceparent { state.traces.append(trace) }
            return state.account.answer(call)
        }
    }
}
