import Foundation

/// A call as it came.
struct SimulatedCall {
    let route: SimulatorRoute
    /// The last component of the path.
    let id: String
    let authorization: String?
    /// The simulator's own `host:port`, as the caller named it.
    let host: String
    /// The trace that the caller names.
    let traceparent: String?
    let body: [UInt8]
}

/// What it is answered.
struct SimulatedResponse {
    let status: Int
    let body: [UInt8]

    /// - Parameter object: what JSON can hold.
    init(_ status: Int = 200, object: [String: Any]) {
        self.status = status
        body = (try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys)).map(Array.init) ?? []
    }

    init(_ status: Int, error: String) { self.init(status, object: ["error": error]) }
}
