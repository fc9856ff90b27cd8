import HTTPTypes
import Pipeline
import Synchronization

/// Counts requests by route, method and class of status, and how long they took.
///
/// The routes limit the number of series: a request that no route took counts as the route `none`, an unusual method as `other`. No
/// address, account or job is ever a label. What the connection guard rejects is not counted.
package final class RequestMeter: Sendable {
    private struct Key: Hashable {
        let route: String
        let method: String
    }

    private struct Series {
        /// By the status's first digit.
        var answers: [Int: UInt64] = [:]
        var durations = DurationHistogram()
    }

    private struct State {
        var inFlight = 0
        var series: [Key: Series] = [:]
    }

    private static let methods: Set<String> = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]

    private let state = Mutex(State())

    package init() {}

    /// Takes over a finished router's routes, so that each has a series from the start, at zero: a rate needs a first value.
    func learn(_ routes: [(path: String, method: HTTPRequest.Method)]) {
        state.withLock { state in
            for (path, method) in routes {
                state.series[Key(route: path, method: method.rawValue), default: Series()].answers[2, default: 0] += 0
            }
        }
    }

    /// Begins to measure a request. Whatever becomes of it, it counts as in flight until the measurement ends.
    package func begin(_ method: String) -> RequestMeasurement {
        state.withLock { $0.inFlight += 1 }
        return RequestMeasurement(meter: self, method: method)
    }

    /// - Parameter answer: nil when the request ended without one.
    func end(_ method: String, answer: (route: String?, status: Int, duration: Duration)?) {
        state.withLock { state in
            state.inFlight -= 1
            guard let answer else { return }
            let key = Key(route: answer.route ?? "none", method: Self.methods.contains(method) ? method : "other")
            state.series[key, default: Series()].answers[min(max(answer.status / 100, 1), 5), default: 0] += 1
            state.series[key, default: Series()].durations.add(answer.duration)
        }
    }

    package func write(to text: inout PrometheusText) {
        let (inFlight, series) = state.withLock { ($0.inFlight, $0.series) }
        let sorted = series.sorted { ($0.key.route, $0.key.method) < ($1.key.route, $1.key.method) }
        text.single(
            "verbatim_http_requests_in_flight", .gauge, "Requests in progress, including this one.",
            Double(inFlight))
        text.family("verbatim_http_requests_total", .counter, "Requests answered, by the class of their status.") {
            for (key, series) in sorted {
                for (digit, count) in series.answers.sorted(by: { $0.key < $1.key }) {
                    $0.sample(
                        Double(count), ["method": key.method, "route": key.route, "status": "\(digit)xx"])
                }
            }
        }
        text.family(
            "verbatim_http_request_duration_seconds", .histogram,
            "Seconds from a request's head to the end of its response, the upload included."
        ) {
            for (key, series) in sorted where series.durations.count > 0 {
                $0.histogram(series.durations, ["method": key.method, "route": key.route])
            }
        }
    }
}
