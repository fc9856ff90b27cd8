import API
import Addresses
import Egress
import Synchronization
import Tenancy
import TestSupport
import Testing

/// Who has a place among a node's connections, and who goes for another one.
@Suite struct OpenConnectionsTests {
    /// Connections by name, and which of them were to close.
    private final class Scene: Sendable {
        let connections: OpenConnections
        private let state = Mutex((ids: [String: OpenConnections.ID](), gone: [String]()))

        init(places: Int, reserve: Int = 2, proxies: [CIDR] = []) {
            connections = OpenConnections(
                limits: ConnectionLimits(places: places, reserve: reserve, proxies: proxies))
        }

        var gone: [String] { state.withLock { $0.gone } }

        func open(_ name: String, from peer: String) {
            let id = connections.open(peer: peer) { [weak self] in self?.state.withLock { $0.gone.append(name) } }
            state.withLock { $0.ids[name] = id }
        }

        func begin(_ name: String, path: String = "/jobs") -> OpenConnections.Verdict? {
            id(name).map { connections.begin($0, path: path) }
        }

        func turn(_ name: String, to doing: OpenConnections.Doing) {
            if let id = id(name) { connections.turn(id, to: doing) }
        }

        func authenticated(_ name: String, as account: TenantID) {
            if let id = id(name) { connections.authenticated(id, as: account) }
        }

        func close(_ name: String) { if let id = id(name) { connections.closed(id) } }

        private func id(_ name: String) -> OpenConnections.ID? { state.withLock { $0.ids[name] } }
    }

    @Test func `the connection that is idle longest goes for a new one`() {
        let scene = Scene(places: 3)
        for name in ["a", "b", "c"] { scene.open(name, from: "127.0.0.1") }
        // What it did last counts, not when it came.
        #expect(scene.begin("a") == .go)
        scene.turn("a", to: .idle)
        scene.open("d", from: "127.0.0.1")
        #expect(scene.gone == ["b"])
        scene.open("e", from: "127.0.0.1")
        #expect(scene.gone == ["b", "c"])
        #expect(scene.connections.count == 3)
    }

    @Test func `one network has half of the places when it is alone, and its own go for its next`() {
        let scene = Scene(places: 8)
        scene.open("other", from: "192.0.2.1")
        for number in 1...4 { scene.open("flood \(number)", from: "198.51.100.7") }
        // Four of hers would leave three.
        #expect(scene.gone == ["flood 1"])
        for number in 5...50 { scene.open("flood \(number)", from: "198.51.100.7") }
        #expect(!scene.gone.contains("other"))
        #expect(scene.connections.count == 4)
        scene.open("third", from: "203.0.113.1")
        #expect(!scene.gone.contains("third"))
    }

    @Test func `an IPv6 subscriber's addresses are one network`() {
        let scene = Scene(places: 8)
        for number in 1...20 { scene.open("\(number)", from: "2001:db8:1:2::\(number)") }
        #expect(scene.connections.count == 4)
        scene.open("neighbor", from: "2001:db8:1:3::1")
        #expect(scene.connections.count == 5)
    }

    @Test func `proxies of ours and this machine have no share`() throws {
        let scene = Scene(places: 8, proxies: [try CIDR("10.0.0.0/8")])
        for number in 1...4 { scene.open("proxy \(number)", from: "10.1.2.3") }
        for number in 1...4 { scene.open("local \(number)", from: "127.0.0.1") }
        #expect(scene.gone.isEmpty)
        #expect(scene.connections.count == 8)
    }

    @Test func `nobody goes whose request is being worked on; who finds no place may ask for health alone`() {
        let scene = Scene(places: 2, reserve: 2)
        for name in ["a", "b"] {
            scene.open(name, from: "127.0.0.1")
            #expect(scene.begin(name) == .go)
            scene.turn(name, to: .working)
        }
        scene.open("c", from: "127.0.0.1")
        scene.open("d", from: "127.0.0.1")
        #expect(scene.begin("c") == .refuse)
        #expect(scene.begin("d", path: "/healthz") == .goAndClose)
        #expect(scene.gone.isEmpty)
        // The reserve is full: the longest one there makes room.
        scene.open("e", from: "127.0.0.1")
        #expect(scene.gone == ["c"])
        // A place is free by the time that its request comes.
        scene.turn("a", to: .idle)
        #expect(scene.begin("e") == .go)
        #expect(scene.gone == ["c", "a"])
    }

    @Test func `in the reserve the network that holds most gives way`() {
        let scene = Scene(places: 1, reserve: 3)
        scene.open("busy", from: "127.0.0.1")
        _ = scene.begin("busy")
        scene.turn("busy", to: .working)
        scene.open("health", from: "192.0.2.1")
        for number in 1...20 { scene.open("flood \(number)", from: "198.51.100.7") }
        #expect(!scene.gone.contains("health"))
        #expect(scene.begin("health", path: "/readyz") == .goAndClose)
    }

    @Test func `those go first that only close, then idle ones, then what names nobody, and known customers last`() {
        let scene = Scene(places: 4)
        scene.open("known", from: "127.0.0.1")
        _ = scene.begin("known")
        scene.authenticated("known", as: .alice)
        scene.turn("known", to: .idle)
        scene.open("sending", from: "127.0.0.1")
        _ = scene.begin("sending")
        scene.open("idle", from: "127.0.0.1")
        scene.open("closing", from: "127.0.0.1")
        _ = scene.begin("closing")
        scene.turn("closing", to: .closing)
        for number in 1...4 {
            scene.open("new \(number)", from: "127.0.0.1")
            _ = scene.begin("new \(number)")
            scene.turn("new \(number)", to: .working)
        }
        #expect(scene.gone == ["closing", "idle", "sending", "known"])
    }

    @Test func `a known customer's upload is never cut for a new connection`() {
        let scene = Scene(places: 2)
        scene.open("upload", from: "127.0.0.1")
        _ = scene.begin("upload")
        scene.authenticated("upload", as: .alice)
        for number in 1...20 {
            scene.open("\(number)", from: "127.0.0.1")
            _ = scene.begin("\(number)")
        }
        #expect(!scene.gone.contains("upload"))
    }

    @Test func `an account that holds many connections is known on its share of them, so another's come to stay`() {
        let scene = Scene(places: 16)
        for number in 1...16 {
            scene.open("alice \(number)", from: "127.0.0.1")
            _ = scene.begin("alice \(number)")
            scene.authenticated("alice \(number)", as: .alice)
            scene.turn("alice \(number)", to: .idle)
        }
        // Half of the half that known customers have.
        for number in 1...12 { scene.open("new \(number)", from: "127.0.0.1") }
        #expect(scene.gone == (5...16).map { "alice \($0)" })
        scene.open("charlie", from: "127.0.0.1")
        _ = scene.begin("charlie")
        scene.authenticated("charlie", as: .charlie)
        scene.turn("charlie", to: .idle)
        for number in 13...40 { scene.open("new \(number)", from: "127.0.0.1") }
        #expect(!scene.gone.contains("charlie"))
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func `whatever connections do, the numbers hold, each is closed once, and all come back`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let scene = Scene(places: 40, reserve: 4)
        var open: [String] = []
        for number in 0..<5_000 {
            switch generator.next() % 8 {
            case 0, 1, 2:
                let name = "\(number)"
                scene.open(
                    name, from: ["127.0.0.1", "192.0.2.1", "192.0.2.2", "2001:db8::1"][Int(generator.next() % 4)])
                open.append(name)
            case 3: _ = open.randomElement(using: &generator).map { scene.begin($0) }
            case 4:
                if let name = open.randomElement(using: &generator) {
                    scene.authenticated(name, as: TenantID(unchecked: "ten_\(generator.next() % 3)"))
                }
            case 5, 6:
                let doing: [OpenConnections.Doing] = [.idle, .working, .closing]
                if let name = open.randomElement(using: &generator) {
                    scene.turn(name, to: doing[Int(generator.next() % 3)])
                }
            default:
                guard let index = open.indices.randomElement(using: &generator) else { continue }
                scene.close(open.remove(at: index))
            }
            #expect(scene.connections.count <= 44)
        }
        #expect(Set(scene.gone).count == scene.gone.count)
        #expect(!scene.gone.isEmpty)
        for name in open { scene.close(name) }
        #expect(scene.connections.count == 0)
        // Nothing is counted that is not there: all places are free.
        for number in 0..<40 { scene.open("last \(number)", from: "127.0.0.1") }
        #expect(!scene.gone.contains { $0.hasPrefix("last") })
        #expect(scene.connections.count == 40)
    }
}
