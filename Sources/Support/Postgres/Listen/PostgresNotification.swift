// A NOTIFY of another session. It is only a hint and can be missed, so its reader must also poll.

package struct PostgresNotification: Sendable, Equatable {
    /// Empty if the listener has just connected: notifications may have been missed, so poll now.
    package let channel: String
    package let payload: String

    package init(channel: String, payload: String = "") {
        self.channel = channel
        self.payload = payload
    }

    package static let reconnected = PostgresNotification(channel: "")
}
