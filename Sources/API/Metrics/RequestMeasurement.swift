import Synchronization

/// The measurement of one request, from its head to its end.
///
/// It ends once: with `answered`, or, if the client is gone and the answer was never written, with its last owner.
package final class RequestMeasurement: Sendable {
    private let meter: RequestMeter
    private let method: String
    private let start = ContinuousClock.now
    private let isOver = Atomic<Bool>(false)

    init(meter: RequestMeter, method: String) {
        self.meter = meter
        self.method = method
    }

    deinit { end(nil) }

    /// - Parameter route: the pattern of the route that took the request; nil when none did.
    package func answered(route: String?, status: Int) {
        end((route, status, ContinuousClock.now - start))
    }

    private func end(_ answer: (route: String?, status: Int, duration: Duration)?) {
        guard !isOver.exchange(true, ordering: .relaxed) else { return }
        meter.end(method, answer: answer)
    }
}
