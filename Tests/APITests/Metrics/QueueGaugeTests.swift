import API
import Logging
import Synchronization
import TestSupport
import Testing

@Suite struct QueueGaugeTests {
    private struct Away: Error {}

    /// A database that counts how often it is asked, and a clock that a test turns.
    private final class World: Sendable {
        let looks = Mutex(0)
        let isAway = Mutex(false)
        let now = Mutex(ContinuousClock.now)

        func gauge() -> QueueGauge {
            return QueueGauge(logger: .quiet, now: { self.now.withLock { $0 } }) {
                if self.isAway.withLock({ $0 }) { throw Away() }
                var reading = QueueReading()
                reading.jobsWaiting = self.looks.withLock { looks in
                    looks += 1
                    return Int64(looks)
                }
                return reading
            }
        }

        func pass(_ duration: Duration) { now.withLock { $0 += duration } }
    }

    @Test func `the database is asked once in five seconds, however many ask`() async {
        let world = World()
        let gauge = world.gauge()
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { await gauge.reading()?.jobsWaiting } }
            for await waiting in group { #expect(waiting == 1) }
        }
        world.pass(.milliseconds(4999))
        #expect(await gauge.reading()?.jobsWaiting == 1)
        world.pass(.milliseconds(1))
        #expect(await gauge.reading()?.jobsWaiting == 2)
    }

    @Test func `a failure is no reading, for as long, and then it is tried again`() async {
        let world = World()
        let gauge = world.gauge()
        world.isAway.withLock { $0 = true }
        #expect(await gauge.reading() == nil)
        world.isAway.withLock { $0 = false }
        #expect(await gauge.reading() == nil)
        world.pass(.seconds(5))
        #expect(await gauge.reading()?.jobsWaiting == 1)
    }

    @Test func `every kind of task is there, also where there is none`() {
        var text = PrometheusText()
        var reading = QueueReading()
        reading.tasks[.init(kind: "recognize", state: "later")] = 7
        reading.write(to: &text)
        #expect(text.text.contains("verbatim_tasks{kind=\"recognize\",state=\"later\"} 7\n"))
        #expect(text.text.contains("verbatim_tasks{kind=\"assemble\",state=\"running\"} 0\n"))
        #expect(text.text.contains("\nverbatim_job_oldest_wait_seconds 0\n"))
    }
}
