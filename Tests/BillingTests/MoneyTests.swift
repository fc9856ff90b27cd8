import Billing
import Postgres
import TestSupport
import Testing

@Suite struct MoneyTests {
    @Test(arguments: [
        // 600,000 micro-dollar-seconds a minute are a cent.
        (seconds: Int64(0), rate: Int64(40_000), cents: Int64(0)),
        (60, 40_000, 4), (61, 40_000, 4), (67, 40_000, 4), (68, 40_000, 5), (3600, 40_000, 240), (3600, 20_000, 120),
        (60, 0, 0),
        // Halves go to the even cent, and a micro-dollar beside them does not.
        (1, 300_000, 0), (3, 300_000, 2), (5, 300_000, 2), (7, 300_000, 4), (1, 299_999, 0), (1, 300_001, 1),
        (1, 899_999, 1), (1, 900_000, 2), (1, 1_500_000, 2),
        // More than 64 bits on the way.
        (1_000_000_000_000, 1_000_000_000, 1_666_666_666_666_667), (.max, 600_000, .max),
    ])
    func `an amount is exact and rounded once, a half to the even cent`(seconds: Int64, rate: Int64, cents: Int64)
        throws
    {
        #expect(try Money.cents(seconds: seconds, rate: rate) == cents)
        #expect(LongDivision.cents(seconds: seconds, rate: rate) == String(cents))
    }

    @Test func `it is what one gets digit by digit, whatever the numbers`() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<20_000 {
            let seconds = Int64.random(in: 0...(1 << Int64.random(in: 1...40, using: &generator)), using: &generator)
            var rate = Int64.random(in: 0...(1 << Int64.random(in: 1...30, using: &generator)), using: &generator)
            if Bool.random(using: &generator) { rate = rate / 100_000 * 100_000 }
            #expect(
                String(try Money.cents(seconds: seconds, rate: rate))
                    == LongDivision.cents(seconds: seconds, rate: rate), "\(seconds) s at \(rate)")
        }
    }

    @Test func `the most seconds within an amount are the last ones that are not too many`() throws {
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<20_000 {
            let cents = Int64.random(in: 0...(1 << Int64.random(in: 1...30, using: &generator)), using: &generator)
            var rate = Int64.random(in: 1...(1 << Int64.random(in: 1...30, using: &generator)), using: &generator)
            if Bool.random(using: &generator) { rate = max(1, rate / 100_000) * 100_000 }
            let most = try #require(Money.seconds(within: cents, rate: rate))
            #expect(try Money.cents(seconds: most, rate: rate) <= cents, "\(cents) at \(rate)")
            #expect(try Money.cents(seconds: most + 1, rate: rate) > cents, "\(cents) at \(rate)")
        }
        #expect(Money.seconds(within: 5, rate: 0) == nil)
    }

    @Test func `what no statement has room for is an error, and so is less than nothing`() {
        #expect(throws: MoneyOverflow.self) { try Money.cents(seconds: .max, rate: .max) }
        #expect(throws: MoneyOverflow.self) { try Money.cents(seconds: .max, rate: 600_001) }
        #expect(throws: MoneyOverflow.self) { try Money.cents(seconds: -1, rate: 1) }
        #expect(throws: MoneyOverflow.self) { try Money.cents(seconds: 1, rate: -1) }
    }

    @Test(arguments: [
        (Int64(0), "0.00"), (5, "0.05"), (-5, "-0.05"), (100, "1.00"), (-1230, "-12.30"),
        (.min, "-92233720368547758.08"),
    ])
    func `cents are dollars with two decimals`(cents: Int64, text: String) {
        #expect(Money.dollars(cents: cents) == text)
    }

    @Test(arguments: [
        (Int64(0), "0.00"), (40_000, "0.04"), (20_000, "0.02"), (37_500, "0.0375"), (1, "0.000001"),
        (1_500_000, "1.50"),
    ])
    func `a rate keeps all its digits, and has two at least`(micros: Int64, text: String) {
        #expect(Money.dollars(micros: micros) == text)
    }

    @Test(arguments: [
        (Int64(0), "0.00"), (1, "0.02"), (2, "0.03"), (59, "0.98"), (60, "1.00"), (90, "1.50"), (7201, "120.02"),
        (-90, "-1.50"),
    ])
    func `minutes have two decimals`(seconds: Int64, text: String) {
        #expect(Minutes.text(seconds: seconds) == text)
    }

    @Test(arguments: [
        "2026-1", "2026-13", "2026-00", "26-11", "2026-11-01", "2026/11", " 2026-11", "9999-12", "", "-001-01",
    ])
    func `what is no month is none`(text: String) { #expect(BillingMonth(rawValue: text) == nil) }

    @Test func `a month starts and ends at midnight in UTC`() throws {
        let december = try #require(BillingMonth(rawValue: "2026-12"))
        #expect(december.start.rfc3339 == "2026-12-01T00:00:00.000Z")
        #expect(december.end.rfc3339 == "2027-01-01T00:00:00.000Z")
        #expect(BillingMonth(of: december.end - .milliseconds(1)) == december)
        #expect(BillingMonth(of: december.end).rawValue == "2027-01")
        #expect(try #require(BillingMonth(rawValue: "2024-02")).end.rfc3339 == "2024-03-01T00:00:00.000Z")
    }
}
