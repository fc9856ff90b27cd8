// A word from another session by NOTIFY. Only ever a hint: it can be missed, so polling must stand behind it.

package struct PostgresNotification: Sendable, Equatable {
    /// Empty when the listener has just (re)connected: hints may have been missed, look for yourself.
    package let channel: String
    package let payload: String

    package init(channel: String, payload: String = "") {
        self.channel = channel
        self.payload = payload
    }

    package static let reconnected = PostgresNotification(channel: "")
}
