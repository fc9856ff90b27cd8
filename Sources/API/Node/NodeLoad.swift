import Pipeline
import Tenancy

/// How much of a node's limits is in use now. Operators look at it when the node tells customers that it has no room.
struct NodeLoad: Sendable {
    let connections: OpenConnections
    let spool: Spool
    let media: MediaToolClient
    let argon2: Argon2

    func write(to text: inout PrometheusText) {
        text.single("verbatim_connections_open", .gauge, "Open connections.", Double(connections.count))
        text.single(
            "verbatim_spool_bytes", .gauge, "Bytes of VERBATIM_SCRATCH_BYTES that uploads in progress hold.",
            Double(spool.usedBytes))
        text.single(
            "verbatim_spool_accounts", .gauge, "Accounts with uploads in progress.", Double(spool.accounts))
        text.single(
            "verbatim_uploads_waiting", .gauge, "Uploads that have stopped partway and wait for room in the spool.",
            Double(spool.waiting))
        text.single(
            "verbatim_probes_waiting", .gauge, "Uploaded files that wait to be probed.", Double(media.waitingProbes))
        text.single(
            "verbatim_login_checks_total", .counter,
            "How often an API key was checked at a login, with Argon2.",
            Double(argon2.runs))
    }
}
