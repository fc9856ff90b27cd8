import Billing
import NIOCore

/// The limits that a connection is held to. The defaults suit production; tests shorten them.
package struct ConnectionGuardSettings: Sendable {
    /// The largest media file that any account may be allowed, in bytes. The account's own limit is checked after authentication.
    package var maximumFileBytes = Limit.maxFileBytes.bounds.upperBound
    /// What a body may contain besides the file: part headers and form fields, in bytes.
    package var bodyOverheadBytes: Int64 = 1_000_000
    /// The slowest that a body may come in, in bytes a second, averaged over `bodyRateWindow`.
    package var minimumBodyRate: Int64 = 1_024
    package var bodyRateWindow = TimeAmount.seconds(30)
    /// The time within which a body must arrive completely, whatever its size. Time in which we did not read doesn't count.
    package var bodyTime = TimeAmount.hours(1)
    /// After this time, a body whose size is declared must keep the even pace at which it arrives within `bodyTime`.
    package var bodyGrace = TimeAmount.minutes(5)
    /// The longest time from a head's first byte to its last, and from the connection's start to its first byte.
    package var headTimeout = TimeAmount.seconds(10)
    /// How long a connection may stay without a request. Load balancers usually keep theirs for 60 s. Ours lasts longer, so that the load
    /// balancer closes first: otherwise it would send requests into connections that we are closing.
    package var idleTimeout = TimeAmount.seconds(75)
    /// How long a response may make no progress because the client does not read it.
    package var writeStallTimeout = TimeAmount.seconds(60)
    /// An unread rest of a body up to this many bytes is read and dropped, to keep the connection.
    package var drainBytes: Int64 = 64 * 1_024
    /// A connection that closes goes on reading until this many bytes came …
    package var lingerBytes: Int64 = 64 * 1_024 * 1_024
    /// … or none for this long …
    package var lingerIdle = TimeAmount.seconds(2)
    /// … or this long in all.
    package var lingerTotal = TimeAmount.seconds(30)
    /// … or this long, when another connection has its place.
    package var lingerEvicted = TimeAmount.milliseconds(250)
    /// How long an unfinished upload may take to arrive when the server shuts down.
    package var shutdownGrace = TimeAmount.seconds(10)

    package init() {}

    /// No body may be larger, whatever it holds.
    var maximumBodyBytes: Int64 { maximumFileBytes + bodyOverheadBytes }
}
