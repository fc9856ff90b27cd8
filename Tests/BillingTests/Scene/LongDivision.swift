/// Computes amounts digit by digit, so that tests don't repeat the code that they test.
enum LongDivision {
    /// seconds × rate ÷ 600,000 in cents, as decimal digits. Halves are rounded to the even cent.
    static func cents(seconds: Int64, rate: Int64) -> String {
        let product = multiply(digits(seconds), digits(rate))
        var quotient: [Int] = []
        var rest = 0
        for digit in product {
            rest = rest * 10 + digit
            quotient.append(rest / 600_000)
            rest %= 600_000
        }
        if rest > 300_000 || (rest == 300_000 && (quotient.last ?? 0) % 2 == 1) {
            var place = quotient.count - 1
            while place >= 0, quotient[place] == 9 {
                quotient[place] = 0
                place -= 1
            }
            if place >= 0 { quotient[place] += 1 } else { quotient.insert(1, at: 0) }
        }
        let text = quotient.drop { $0 == 0 }.map(String.init).joined()
        return text.isEmpty ? "0" : text
    }

    private static func digits(_ number: Int64) -> [Int] { String(number).compactMap(\.wholeNumberValue) }

    private static func multiply(_ left: [Int], _ right: [Int]) -> [Int] {
        var result = [Int](repeating: 0, count: left.count + right.count)
        for (i, a) in left.reversed().enumerated() {
            for (j, b) in right.reversed().enumerated() { result[i + j] += a * b }
        }
        for place in result.indices.dropLast() {
            result[place + 1] += result[place] / 10
            result[place] %= 10
        }
        return result.reversed()
    }
}
