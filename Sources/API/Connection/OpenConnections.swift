import Synchronization
import Tenancy

/// All open connections of a server: whom they belong to, what they are doing, and which one is closed when another needs its place.
///
/// - A network may have as many places as it leaves free, so that there is always one for somebody else. This limit doesn't apply to our
///   proxies and this machine.
/// - If there is no place, others are closed for the new connection. First go those that are only closing, then idle ones, then those that
///   are sending a request and belong to no known customer, and last the idle ones of known customers; among these, the one that has been
///   so for longest. A connection whose request is being worked on is never closed.
/// - A connection belongs to a known customer once a request on it was authenticated. Half of the places may belong to known customers, and
///   an account may have as many of these as it leaves free.
/// - A connection that finds no place at all is accepted into a reserve, to be told so, or to check the node's health. If the reserve is
///   full, the network with the most connections in it loses its oldest one.
package final class OpenConnections: Sendable {
    package typealias ID = UInt64

    /// What a connection is doing.
    package enum Doing: Sendable {
        /// No request's head has arrived.
        case idle
        /// Its request is arriving.
        case receiving
        /// Its request has arrived, and its answer isn't sent yet.
        case working
        /// Its last answer is sent.
        case closing
    }

    /// What becomes of a request. After `goAndClose`, the connection closes.
    package enum Verdict: Sendable { case go, goAndClose, refuse }

    private struct Connection {
        let network: String?
        /// False: it is in the reserve.
        var hasPlace = true
        var doing = Doing.idle
        /// The `tick` at which it began to do that.
        var since: UInt64
        /// The known customer in whose share it is.
        var account: TenantID?
        let close: @Sendable () -> Void

        /// The lowest rank is closed first; nil is never closed.
        var rank: Int? {
            switch doing {
            case .closing: 0
            case .idle: account == nil ? 1 : 3
            case .receiving: account == nil ? 2 : nil
            case .working: nil
            }
        }
    }

    private struct State {
        var connections: [ID: Connection] = [:]
        var places = 0
        var reserve = 0
        var networks: [String: Int] = [:]
        var known = 0
        var accounts: [TenantID: Int] = [:]
        /// How many of those with a place have a rank.
        var closable = 0
        var tick: UInt64 = 0
    }

    package let limits: ConnectionLimits
    private let state = Mutex(State())

    package init(limits: ConnectionLimits) { self.limits = limits }

    /// How many connections are open now, including the reserve.
    package var count: Int { state.withLock { $0.connections.count } }

    /// Adds a new connection. Others may be closed for it.
    ///
    /// - Parameter close: closes the connection from our side. It is called at most once, on any thread.
    package func open(peer: String?, close: @escaping @Sendable () -> Void) -> ID {
        let network = limits.network(of: peer)
        let (id, gone) = state.withLock { state -> (ID, [Connection]) in
            state.tick += 1
            let id = state.tick
            var new = Connection(network: network, since: id, close: close)
            var gone: [Connection] = []
            new.hasPlace = makeRoom(for: network, &state, &gone)
            if !new.hasPlace, state.reserve >= limits.reserve, let oldest = Self.oldestInReserve(state) {
                gone += Self.remove(oldest, &state).map { [$0] } ?? []
            }
            Self.insert(new, id, &state)
            return (id, gone)
        }
        for connection in gone { connection.close() }
        return id
    }

    /// Notes that the head of a connection's request has arrived, and returns what becomes of the request.
    package func begin(_ id: ID, path: String) -> Verdict {
        let (verdict, gone) = state.withLock { state -> (Verdict, [Connection]) in
            guard var connection = state.connections[id] else { return (.refuse, []) }
            var gone: [Connection] = []
            var verdict = Verdict.go
            if !connection.hasPlace {
                if makeRoom(for: connection.network, &state, &gone) {
                    _ = Self.remove(id, &state)
                    connection.hasPlace = true
                    Self.insert(connection, id, &state)
                } else {
                    verdict = limits.health.contains(path) ? .goAndClose : .refuse
                }
            }
            Self.change(id, to: .receiving, &state)
            return (verdict, gone)
        }
        for connection in gone { connection.close() }
        return verdict
    }

    /// Notes what a connection is doing now.
    ///
    /// - Returns: false if the connection was chosen to be closed meanwhile.
    @discardableResult
    package func turn(_ id: ID, to doing: Doing) -> Bool {
        state.withLock { state in
            Self.change(id, to: doing, &state)
            return state.connections[id] != nil
        }
    }

    /// Notes that a request on a connection was authenticated.
    package func authenticated(_ id: ID, as account: TenantID) {
        state.withLock { state in
            guard var connection = state.connections[id], connection.account == nil, connection.hasPlace else { return }
            let mine = state.accounts[account, default: 0] + 1
            let free = limits.places / 2 - state.known - 1
            guard free >= 0, mine <= max(1, free) else { return }
            _ = Self.remove(id, &state)
            connection.account = account
            Self.insert(connection, id, &state)
        }
    }

    /// Removes a connection that has closed.
    package func closed(_ id: ID) { state.withLock { _ = Self.remove(id, &$0) } }

    /// Makes room for one more connection of a network. Adds those that must be closed for that to `gone`, and returns whether there is a
    /// place now.
    private func makeRoom(for network: String?, _ state: inout State, _ gone: inout [Connection]) -> Bool {
        if let network, let mine = state.networks[network], mine + 1 > max(1, limits.places - state.places - 1) {
            let chosen = Self.choose(min(batch, mine / 8), of: network, state)
            if chosen.isEmpty { return false }
            gone += chosen.compactMap { Self.remove($0, &state) }
        }
        if state.places < limits.places { return true }
        gone += Self.choose(batch, of: nil, state).compactMap { Self.remove($0, &state) }
        return state.places < limits.places
    }

    /// How many are closed at a time: several, so that a flood seldom makes us search all connections.
    private var batch: Int { limits.places / 64 }

    /// Returns which connections to close: those with the lowest rank, the longest in their state first. At least one, if any can be
    /// closed; only one if they are sending or belong to known customers.
    private static func choose(_ count: Int, of network: String?, _ state: State) -> [ID] {
        guard state.closable > 0 else { return [] }
        var lowest = Int.max
        var found: [(id: ID, since: UInt64)] = []
        for (id, connection) in state.connections where connection.hasPlace {
            guard network == nil || connection.network == network, let rank = connection.rank, rank <= lowest else {
                continue
            }
            if rank < lowest {
                lowest = rank
                found.removeAll(keepingCapacity: true)
            }
            found.append((id, connection.since))
        }
        let most = lowest <= 1 ? max(1, count) : 1
        if most == 1 { return found.min { $0.since < $1.since }.map { [$0.id] } ?? [] }
        return found.sorted { $0.since < $1.since }.prefix(most).map(\.id)
    }

    private static func oldestInReserve(_ state: State) -> ID? {
        let reserve = state.connections.filter { !$0.value.hasPlace }
        let networks = Dictionary(grouping: reserve, by: \.value.network)
        return networks.values.max { $0.count < $1.count }?.min { $0.key < $1.key }?.key
    }
}

// Bookkeeping: every change of a connection goes through here, so that the counts stay right.
extension OpenConnections {
    private static func insert(_ connection: Connection, _ id: ID, _ state: inout State) {
        state.connections[id] = connection
        count(connection, 1, &state)
    }

    private static func remove(_ id: ID, _ state: inout State) -> Connection? {
        guard let connection = state.connections.removeValue(forKey: id) else { return nil }
        count(connection, -1, &state)
        return connection
    }

    private static func change(_ id: ID, to doing: Doing, _ state: inout State) {
        guard var connection = remove(id, &state) else { return }
        state.tick += 1
        connection.doing = doing
        connection.since = state.tick
        insert(connection, id, &state)
    }

    private static func count(_ connection: Connection, _ change: Int, _ state: inout State) {
        guard connection.hasPlace else {
            state.reserve += change
            return
        }
        state.places += change
        if connection.rank != nil { state.closable += change }
        if let network = connection.network { add(change, to: network, in: &state.networks) }
        if let account = connection.account {
            state.known += change
            add(change, to: account, in: &state.accounts)
        }
    }

    private static func add<Key: Hashable>(_ change: Int, to key: Key, in counts: inout [Key: Int]) {
        let count = counts[key, default: 0] + change
        counts[key] = count > 0 ? count : nil
    }
}
