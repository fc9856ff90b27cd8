import Synchronization
import Tenancy

/// All open connections of a front: whose they are, what they do, and who goes when another one needs the room.
///
/// - A network has as many places as it leaves free, so that whoever comes finds one. Proxies of ours and this machine have no such share.
/// - Where there is no place, the one that is idle longest is closed for the new one: those first that only close still, then idle
///   ones, then those whose request has not come in and names nobody, and last the idle ones of known customers. A connection whose request
///   is being worked on is never closed.
/// - A connection is a known customer's once a request on it was authenticated. Half of the places are theirs in this way, and an account has
///   as many of those as it leaves free.
/// - Who finds no place at all is let in to be told so, or to ask for the health of the node, within a reserve. There the longest one
///   goes of the network that holds most.
package final class OpenConnections: Sendable {
    package typealias ID = UInt64

    package enum Doing: Sendable {
        /// Nothing, or its first bytes have not come.
        case idle
        /// Its request is coming in.
        case receiving
        /// Its request is inside, and its answer is not out.
        case working
        /// Its last answer is out.
        case closing
    }

    package enum Verdict: Sendable { case go, goAndClose, refuse }

    private struct Connection {
        let network: String?
        /// Else it is in the reserve.
        var hasPlace = true
        var doing = Doing.idle
        /// When it began to do that, in our counting.
        var since: UInt64
        /// Within what known customers have.
        var account: TenantID?
        let close: @Sendable () -> Void

        /// Who goes first has the lowest; nil stays.
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
        /// Of those with a place.
        var closable = 0
        var tick: UInt64 = 0
    }

    package let limits: ConnectionLimits
    private let state = Mutex(State())

    package init(limits: ConnectionLimits) { self.limits = limits }

    /// Connections now, the reserve's among them.
    package var count: Int { state.withLock { $0.connections.count } }

    /// A new connection. Others may be closed for it.
    ///
    /// - Parameter close: has it close from our side; called from anywhere, once at most.
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

    /// Its request's head has come.
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

    /// - Returns: false when it was to be closed meanwhile.
    @discardableResult
    package func turn(_ id: ID, to doing: Doing) -> Bool {
        state.withLock { state in
            Self.change(id, to: doing, &state)
            return state.connections[id] != nil
        }
    }

    /// A request on it was authenticated.
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

    /// It is gone.
    package func closed(_ id: ID) { state.withLock { _ = Self.remove(id, &$0) } }

    /// Whether there is a place for one more of a network, once those are gone that had to.
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

    /// Some go at a time, so that a flood has us look through all of them seldom.
    private var batch: Int { limits.places / 64 }

    /// Who is to go, at least one, the longest of the lowest rank first; of known customers and of those that are sending, one at a time.
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

// The books: every change of a connection goes through here, so that the numbers stay right.
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
