/// What goes wrong with a call.
package enum SimulatorFault: Sendable {
    /// This answer in place of the right one. Nothing is done.
    case answer(status: Int, body: String = "", headers: [String: String] = [:])
    /// The connection is reset once the request has come. Nothing is done.
    case reset
    /// The request is carried out; then the connection is reset in place of an answer.
    case answerLost
    /// No answer, ever.
    case hang
    /// The right answer, one byte at a time with so many milliseconds between.
    case trickle(milliseconds: Int64)
    /// The right answer, but the connection ends in the middle of its body.
    case truncated
    /// A success whose body has so many bytes.
    case huge(bytes: Int)

    package static let emptyBalance = SimulatorFault.answer(
        status: 400,
        body: #"{"error":"Your current account balance is negative. Please top up to continue using the API."}"#)

    package static func tooManyRequests(retryAfter: String? = nil) -> SimulatorFault {
        .answer(
            status: 429, body: #"{"error":"Too Many Requests"}"#, headers: retryAfter.map { ["Retry-After": $0] } ?? [:]
        )
    }
}

/// What happens at the next turns: each item so many times, or for ever.
struct SimulatorScript<Item: Sendable>: Sendable {
    private var items: [(item: Item, left: Int?)] = []

    mutating func add(_ item: Item, times: Int?) { items.append((item, times)) }

    mutating func next() -> Item? {
        while let (item, left) = items.first {
            guard let left else { return item }
            if left > 0 {
                items[0].left = left - 1
                return item
            }
            items.removeFirst()
        }
        return nil
    }
}
