import TestSupport

/// Random numbers and addresses, and random ways to write and say them. Written apart from what finds them.
struct SpokenValues {
    var random: SeededGenerator
    let language: String

    init(seed: UInt64, language: String) {
        random = SeededGenerator(seed: seed)
        self.language = language
    }

    static let languages = ["en", "de", "fr", "es", "it"]

    // MARK: Values

    private mutating func digit() -> Int { Int.random(in: 0...9, using: &random) }

    private mutating func digits(_ count: Int) -> String { (0..<count).map { _ in String(digit()) }.joined() }

    private mutating func one<Value>(of values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    /// A card number of a large network, with a right check digit or a wrong one.
    mutating func card(valid: Bool = true) -> String {
        let (prefix, length) = one(of: [
            ("4", 16), ("51", 16), ("53", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15), ("37", 15),
            ("6011", 16), ("65", 16), ("3528", 16),
        ])
        let body = prefix + digits(length - prefix.count - 1)
        let right = Self.checkDigit(body)
        return body + String(valid ? right : (right + Int.random(in: 1...9, using: &random)) % 10)
    }

    private static func checkDigit(_ body: String) -> Int {
        var sum = 0
        for (place, character) in body.reversed().enumerated() {
            let digit = character.wholeNumberValue ?? 0
            let doubled = place.isMultiple(of: 2) ? digit * 2 : digit
            sum += doubled / 10 + doubled % 10
        }
        return (10 - sum % 10) % 10
    }

    mutating func iban(valid: Bool = true) -> String {
        let (country, body) = one(of: [
            ("DE", digits(18)), ("AT", digits(16)), ("BE", digits(12)), ("ES", digits(20)), ("PT", digits(21)),
            ("NO", digits(11)),
            ("GB", one(of: ["NWBK", "BARC", "MIDL"]) + digits(14)), ("NL", one(of: ["ABNA", "INGB"]) + digits(10)),
            ("IT", one(of: ["X", "T"]) + digits(22)), ("CH", digits(17)),
        ])
        let right = 98 - Self.remainder(body + country + "00")
        let check = valid ? right : 2 + (right - 2 + Int.random(in: 1...96, using: &random)) % 97
        return country + (check < 10 ? "0" : "") + String(check) + body
    }

    private static func remainder(_ text: String) -> Int {
        text.reduce(0) { rest, character in
            let value = Int(String(character), radix: 36) ?? 0
            return (rest * (value > 9 ? 100 : 10) + value) % 97
        }
    }

    mutating func socialSecurityNumber() -> String {
        let area = one(of: [Int.random(in: 1...665, using: &random), Int.random(in: 667...899, using: &random)])
        let text = [
            String(1_000 + area), String(100 + Int.random(in: 1...99, using: &random)),
            String(10_000 + Int.random(in: 1...9_999, using: &random)),
        ]
        return text.map { $0.dropFirst() }.joined(separator: "-")
    }

    /// A phone number in groups, as it is dialed in the language's largest country.
    mutating func phone() -> [String] {
        switch language {
        case "en":
            return [
                "\(one(of: [212, 415, 646, 773, 808, 917]))", "\(Int.random(in: 200...999, using: &random))", digits(4),
            ]
        case "de": return [one(of: ["0151", "0171", "0160", "030", "089", "0221"]), digits(3), digits(2), digits(3)]
        case "fr": return [one(of: ["06", "07", "01", "04"]), digits(2), digits(2), digits(2), digits(2)]
        case "es": return ["6" + digits(2), digits(3), digits(3)]
        default: return [one(of: ["320", "333", "347", "388"]), digits(3), digits(2), digits(2)]
        }
    }

    mutating func address4() -> [Int] { (0..<4).map { _ in Int.random(in: 0...255, using: &random) } }

    mutating func email() -> (local: [String], domain: [String]) {
        let names = ["maria", "paul", "kim", "lopez", "meyer", "dubois", "rossi", "sanders", "tanja", "olivia"]
        let local = Bool.random(using: &random) ? [one(of: names), one(of: names)] : [one(of: names)]
        return (
            local,
            [
                one(of: ["example", "contoso", "gmail", "nordwind", "hotmail"]),
                one(of: ["com", "org", "net", "de", "it", "fr", "es"]),
            ]
        )
    }

    // MARK: Words

    private static let units: [String: [String]] = [
        "en":
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
        "de":
            "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
        "fr":
            "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
        "es":
            "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve",
        "it":
            "zero uno due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette diciotto diciannove",
    ].mapValues { $0.split(separator: " ").map(String.init) }

    private static let tens: [String: [String]] = [
        "en": "twenty thirty forty fifty sixty seventy eighty ninety",
        "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
        "fr": "vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt",
        "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
        "it": "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    ].mapValues { $0.split(separator: " ").map(String.init) }

    /// A number below 100 in words.
    func spoken(_ number: Int) -> String {
        let units = Self.units[language] ?? []
        guard number >= 20 else { return units[number] }
        let ten = Self.tens[language]?[number / 10 - 2] ?? ""
        let unit = number % 10
        switch language {
        case "en": return unit == 0 ? ten : "\(ten)-\(units[unit])"
        case "de": return unit == 0 ? ten : (unit == 1 ? "ein" : units[unit]) + "und" + ten
        case "fr":
            if number == 80 { return "quatre-vingts" }
            if number / 10 == 7 || number / 10 == 9 {
                return number == 71 ? "soixante et onze" : "\(ten)-\(units[unit + 10])"
            }
            return unit == 0 ? ten : unit == 1 && number != 81 ? "\(ten) et un" : "\(ten)-\(units[unit])"
        case "es":
            if number < 30, unit > 0 {
                return [
                    "veintiuno", "veintidós", "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete",
                    "veintiocho", "veintinueve",
                ][
                    unit - 1]
            }
            return unit == 0 ? ten : "\(ten) y \(units[unit])"
        default:
            if unit == 0 { return ten }
            if unit == 3 { return ten + "tré" }
            return (unit == 1 || unit == 8 ? String(ten.dropLast()) : ten) + units[unit]
        }
    }

    /// Digits one by one, some of them doubled where there are two.
    mutating func spelled(_ text: String) -> [String] {
        var words: [String] = []
        let characters = Array(text)
        var place = 0
        let doubles = Bool.random(using: &random)
        while place < characters.count {
            guard let digit = characters[place].wholeNumberValue else {
                words.append(String(characters[place]))
                place += 1
                continue
            }
            if doubles, place + 1 < characters.count, characters[place + 1] == characters[place] {
                words += [
                    ["en": "double", "de": "doppel", "fr": "double", "es": "doble", "it": "doppio"][language] ?? "",
                    spoken(digit),
                ]
                place += 2
            } else {
                words.append(digit == 0 && language == "en" && Bool.random(using: &random) ? "oh" : spoken(digit))
                place += 1
            }
        }
        return words
    }

    /// Digits in pairs: "forty-two oh five".
    func paired(_ text: String) -> [String] {
        let digits = text.compactMap(\.wholeNumberValue)
        return stride(from: 0, to: digits.count, by: 2).flatMap { place -> [String] in
            guard place + 1 < digits.count else { return [spoken(digits[place])] }
            if digits[place] == 0 { return [spoken(0), spoken(digits[place + 1])] }
            return spoken(digits[place] * 10 + digits[place + 1]).split(separator: " ").map(String.init)
        }
    }

    /// Groups of digits and letters in one of many ways.
    mutating func rendered(_ groups: [String], separators: [String] = [" ", " ", "-", ""]) -> [String] {
        let filler = ["en": "uh", "de": "äh", "fr": "euh", "es": "eh", "it": "ehm"][language] ?? ""
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: return groups.joined(separator: one(of: separators)).split(separator: " ").map(String.init)
        case 2: return groups.joined().map(String.init)
        case 3: return groups.flatMap { spelled($0) }
        case 4:
            // With pauses between the groups.
            return Array(
                groups.map { spelled($0).joined(separator: " ") }.joined(
                    separator: Bool.random(using: &random) ? ", " : " \(filler) "
                )
                .split(separator: " ").map(String.init))
        default:
            // Some groups are written, some said.
            return groups.flatMap { Bool.random(using: &random) || $0.contains { $0.isLetter } ? [$0] : spelled($0) }
        }
    }

    /// The text in groups of some length.
    static func groups(_ text: String, of length: Int) -> [String] {
        let characters = Array(text)
        return stride(from: 0, to: characters.count, by: length).map {
            String(characters[$0..<min($0 + length, characters.count)])
        }
    }

    var at: String { ["en": "at", "de": "at", "fr": "arobase", "es": "arroba", "it": "chiocciola"][language] ?? "" }
    var dot: String { ["en": "dot", "de": "Punkt", "fr": "point", "es": "punto", "it": "punto"][language] ?? "" }
}
