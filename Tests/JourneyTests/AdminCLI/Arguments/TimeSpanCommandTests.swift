import AdminCLI
import Postgres
import Testing

/// How operators write lengths of time and moments.
@Suite struct TimeSpanCommandTests {
    @Test(arguments: [
        ("0s", 0), ("90s", 90), ("30m", 1800), ("24h", 86_400), ("90d", 7_776_000), ("007d", 604_800),
        ("36500d", 3_153_600_000),
    ])
    func `a number and a unit are a length of time`(text: String, seconds: Int) {
        #expect(TimeSpan(argument: text)?.duration == .seconds(seconds))
        #expect(TimeSpan(argument: text)?.text == text)
    }

    @Test(arguments: [
        "", "s", "24", "24 h", "24H", "1w", "1.5h", "-1h", "+1h", "1h30m", "36501d", "9223372036854775808s", "٣h",
        "1hh",
        " 1h",
    ])
    func `anything else is none`(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }

    @Test func `a moment is a date, or a distance from now in the direction that the option means`() throws {
        let now = try #require(Timestamp(rfc3339: "2026-11-23T12:00:00Z"))
        let date = try #require(Moment(argument: "2026-11-24T01:00:00+01:00"))
        #expect(date.after(now).rfc3339 == "2026-11-24T00:00:00.000Z")
        #expect(date.before(now) == date.after(now))
        let day = try #require(Moment(argument: "1d"))
        #expect(day.after(now).rfc3339 == "2026-11-24T12:00:00.000Z")
        #expect(day.before(now).rfc3339 == "2026-11-22T12:00:00.000Z")
        #expect(Moment(argument: "2026-11-24") == nil)
        #expect(Moment(argument: "tomorrow") == nil)
    }
}
