import Pipeline
import Postgres
import TestSupport
import Testing

@Suite struct DeliveryScheduleTests {
    private let start = Timestamp(milliseconds: 1_795_000_000_000)

    @Test func `delays grow to an hour, each within a fifth of its length`() {
        var generator = SeededGenerator(seed: 1)
        let wanted: [Double] = [10, 30, 60, 120, 300, 600, 1200, 2400, 3600, 3600]
        for (index, delay) in wanted.enumerated() {
            for _ in 0..<50 {
                let next = DeliverySchedule.next(
                    after: index + 1, firstTry: start, now: start, wish: nil, using: &generator)
                let seconds = next.map { ($0 - start) / .seconds(1) } ?? 0
                #expect((delay * 0.8...delay * 1.2).contains(seconds))
            }
        }
    }

    @Test func `the last try is at the end of the day, and there is none after it`() {
        var generator = SeededGenerator(seed: 2)
        let end = start + DeliverySchedule.span
        let late = end - .seconds(60)
        #expect(
            DeliverySchedule.next(after: 30, firstTry: start, now: late, wish: nil, using: &generator) == end)
        #expect(DeliverySchedule.next(after: 31, firstTry: start, now: end, wish: nil, using: &generator) == nil)
        #expect(
            DeliverySchedule.next(
                after: 1, firstTry: start, now: start, wish: end + .seconds(5), using: &generator) == end)
    }

    static let wishes: [(String, Int64?)] = [
        ("120", 120), ("0", 0), ("", nil), ("-5", nil), ("soon", nil), ("1.5", nil),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 77), ("Sunday, 06-Nov-94 08:49:37 GMT", 77),
        ("Sun Nov  6 08:49:37 1994", 77), ("Sun Nov 16 08:49:37 1994", 77 + 864_000),
        // A year of two digits lies at most 50 years ahead.
        ("Tuesday, 06-Nov-40 08:49:37 GMT", 2_235_804_577 - 784_111_700), ("Sunday, 06-Nov-94", nil),
        ("Sunday, 06-Nov-45 08:49:37 GMT", -762_189_023 - 784_111_700), ("Sun, 06 Nov 1994 08:49:37 CET", nil),
        // At this one Foundation's `DateFormatter` ends the process.
        ("Sun, 06 \u{73F}Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49:37 GMT\u{0}", nil),
        ("Sun, 31 Feb 1994 08:49:37 GMT", nil), ("Sun, 006 Nov 1994 08:49:37 GMT", nil), ("Sun", nil),
    ]

    @Test(arguments: wishes)
    func `Retry-After is seconds or a date; what is neither is no wish`(text: String, seconds: Int64?) {
        let now = Timestamp(milliseconds: 784_111_700_000)
        #expect(RetryAfter.time(text, now: now) == seconds.map { now + .seconds($0) })
    }

    @Test func `a fault of ours is tried again in a minute, and one that does not pass in an hour`() {
        var generator = SeededGenerator(seed: 7)
        let now = Timestamp.now()
        for (attempts, seconds) in [(1...59, 48...72), (60...200, 2_880...4_320)] {
            for attempt in attempts {
                let next = DeliverySchedule.afterOurFault(attempt: attempt, now: now, using: &generator)
                #expect(seconds.contains(Int((next.milliseconds - now.milliseconds) / 1000)), "\(attempt)")
            }
        }
    }
}
