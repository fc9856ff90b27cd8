import Logging
import Pipeline
import Synchronization
import TestSupport
import Testing

@Suite struct DiskSpaceTests {
    private struct Scene {
        let log = CapturedLog()
        let free = Value<Int64?>(1_000)
        let passed = Value(Duration.zero)
        let room: DiskSpace

        init() {
            let (log, free, passed, start) = (log, free, passed, ContinuousClock.now)
            room = DiskSpace(
                name: "scratch", nearly: 100, least: 10, logger: Logger(label: "test") { _ in log },
                now: { start + passed.value }, measure: { free.value })
        }

        func look(_ bytes: Int64?) -> DiskSpace.State {
            free.value = bytes
            passed.value += .seconds(61)
            room.look()
            return room.state
        }
    }

    private final class Value<T: Sendable>: Sendable {
        private let kept: Mutex<T>
        init(_ value: T) { kept = Mutex(value) }
        var value: T {
            get { kept.withLock { $0 } }
            set { kept.withLock { $0 = newValue } }
        }
    }

    @Test func `it is told before it is full, when it is, each minute, and when there is room again`() {
        let scene = Scene()
        #expect(
            [scene.look(100), scene.look(99), scene.look(50), scene.look(9), scene.look(0)] == [
                .ok, .nearlyFull, .nearlyFull, .full, .full,
            ])
        #expect([scene.look(20), scene.look(5_000)] == [.nearlyFull, .ok])
        let lines = scene.log.text.split(separator: "\n").map { String($0.prefix { $0 != "[" }.dropLast()) }
        #expect(
            lines == [
                "the scratch disk is nearly full", "the scratch disk is still nearly full", "the scratch disk is full",
                "the scratch disk is still full", "the scratch disk is no longer full",
                "the scratch disk is still nearly full",
                "the scratch disk has room again",
            ])
        #expect(scene.log.text.contains("\"free_bytes\": 9"))
    }

    @Test func `a disk that refuses a write counts as full for a while, whatever it says of itself`() {
        let scene = Scene()
        #expect(scene.look(5_000) == .ok)
        scene.room.refused()
        #expect(scene.room.state == .full)
        #expect(scene.log.text.contains("the scratch disk is full"))
        #expect(scene.look(5_000) == .ok)
        #expect(scene.log.text.contains("the scratch disk is no longer full"))
    }

    @Test func `nothing is said of a disk that nobody can measure`() {
        let scene = Scene()
        #expect(scene.look(nil) == .ok)
        #expect(scene.room.free == nil)
        #expect(scene.log.text.isEmpty)
    }
}
