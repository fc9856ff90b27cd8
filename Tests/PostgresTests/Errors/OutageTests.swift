import Logging
import Postgres
import TestSupport
import Testing

@Suite struct OutageTests {
    private struct Gone: Error {}

    private static func scene(gracePeriod: Duration = .zero) -> (
        outage: Outage, clock: SteadyTestClock, log: CapturedLog
    ) {
        let (clock, log) = (SteadyTestClock(), CapturedLog())
        return (
            Outage(
                of: "the store", gracePeriod: gracePeriod, logger: Logger(label: "test") { _ in log }, now: clock.now),
            clock, log
        )
    }

    private static func lines(_ log: CapturedLog) -> [String] {
        log.text.split(separator: "\n").map { String($0.prefix { $0 != "[" }.dropLast()) }
    }

    @Test func `an outage is told once, then each minute, then that it is over, whoever asks`() async {
        let (outage, clock, log) = Self.scene()
        // Twenty who ask four times a second, for two and a half minutes.
        for _ in 0..<600 {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<20 { group.addTask { outage.failed(Gone()) } }
            }
            clock.advance(by: .milliseconds(250))
        }
        #expect(outage.isOngoing)
        for _ in 0..<20 { outage.works() }
        #expect(
            Self.lines(log) == [
                "the store is away", "the store is still away", "the store is still away", "the store is back",
            ])
        #expect(log.text.contains("Gone()"))
        #expect(log.text.hasSuffix("[\"seconds\": 150]"))
    }

    @Test func `what was under way when it went does not say that it is back`() {
        let (outage, clock, log) = Self.scene()
        let early = outage.mark
        outage.failed(Gone())
        outage.works(since: early)
        #expect(outage.isOngoing)
        clock.advance(by: .seconds(61))
        outage.failed(Gone())
        outage.works(since: outage.mark)
        #expect(!outage.isOngoing)
        #expect(Self.lines(log) == ["the store is away", "the store is still away", "the store is back"])
    }

    @Test func `what comes and goes is told no more than once a minute`() {
        let (outage, clock, log) = Self.scene()
        for _ in 0..<480 {
            outage.failed(Gone())
            outage.works()
            clock.advance(by: .milliseconds(250))
        }
        #expect(
            Self.lines(log) == ["the store is away", "the store is back", "the store is away", "the store is back"])
    }

    @Test func `what works is not mentioned, nor what fails for less than its time-out`() {
        let (outage, clock, log) = Self.scene(gracePeriod: .seconds(30))
        outage.works()
        outage.failed(Gone())
        clock.advance(by: .seconds(29))
        outage.failed(Gone())
        outage.works()
        #expect(log.text.isEmpty)
        outage.failed(Gone())
        clock.advance(by: .seconds(30))
        outage.failed(Gone())
        outage.works()
        #expect(Self.lines(log) == ["the store is away", "the store is back"])
    }
}
