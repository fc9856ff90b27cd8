/// The five languages whose number words are known.
struct SpokenLanguages: OptionSet, Hashable {
    let rawValue: UInt8

    static let english = SpokenLanguages(rawValue: 1)
    static let german = SpokenLanguages(rawValue: 2)
    static let french = SpokenLanguages(rawValue: 4)
    static let spanish = SpokenLanguages(rawValue: 8)
    static let italian = SpokenLanguages(rawValue: 16)
    static let all: SpokenLanguages = [.english, .german, .french, .spanish, .italian]
}

/// What a word can mean apart from its number.
struct WordRoles: OptionSet {
    let rawValue: UInt32

    /// Said between the digits of a number, without a meaning: "uh".
    static let filler = WordRoles(rawValue: 1 << 0)
    /// Said between the parts of a number: "okay", "and then".
    static let pause = WordRoles(rawValue: 1 << 1)
    /// Takes back what was said: "sorry".
    static let correction = WordRoles(rawValue: 1 << 2)
    /// "and" in "a hundred and one".
    static let joint = WordRoles(rawValue: 1 << 3)
    static let hundred = WordRoles(rawValue: 1 << 4)
    static let thousand = WordRoles(rawValue: 1 << 5)
    static let double = WordRoles(rawValue: 1 << 6)
    static let triple = WordRoles(rawValue: 1 << 7)
    /// "times" in "three times zero".
    static let times = WordRoles(rawValue: 1 << 8)
    /// "as" and "in" in "N as in Nancy".
    static let example = WordRoles(rawValue: 1 << 9)
    /// A phone number may follow: "call", "mobile".
    static let phoneCue = WordRoles(rawValue: 1 << 10)
    /// "number".
    static let numberCue = WordRoles(rawValue: 1 << 11)
    /// A number of another kind follows: "order", "invoice".
    static let otherNumberCue = WordRoles(rawValue: 1 << 12)
    static let socialCue = WordRoles(rawValue: 1 << 13)
    static let mailCue = WordRoles(rawValue: 1 << 14)
    /// Four numbers with dots that follow are no address: "version", "section".
    static let versionCue = WordRoles(rawValue: 1 << 15)
    /// What is counted or measured: "euros", "kilos".
    static let unit = WordRoles(rawValue: 1 << 16)
    /// Words of grammar, which no address begins with: "the", "is".
    static let grammar = WordRoles(rawValue: 1 << 17)
    /// "is": what is named follows.
    static let copula = WordRoles(rawValue: 1 << 18)
    /// Words before "at" in ordinary sentences: "works at", "look at".
    static let beforeAt = WordRoles(rawValue: 1 << 19)
    /// "at", where it is also an ordinary word.
    static let weakAt = WordRoles(rawValue: 1 << 20)
    /// The name of a service that gives everybody an address: "gmail".
    static let mailHost = WordRoles(rawValue: 1 << 21)
    /// The last part of a domain: "com".
    static let topDomain = WordRoles(rawValue: 1 << 22)
    /// "the", "my": a noun follows.
    static let determiner = WordRoles(rawValue: 1 << 24)
    /// "uh".
    static let hesitation = WordRoles(rawValue: 1 << 25)
    /// "capital" in "capital J".
    static let letterCase = WordRoles(rawValue: 1 << 26)
    /// A single letter that is also a word: "a", "y".
    static let letterWord = WordRoles(rawValue: 1 << 23)
}

/// A word's meanings in some languages.
struct LexiconEntry {
    struct Number {
        let value: Int
        /// How many digits it has: two in "doppelnull".
        let width: Int
        let languages: SpokenLanguages
    }

    var numbers: [Number] = []
    var roles: WordRoles = []
    /// The sign that it names: "dot".
    var sign: String?
    /// The letter that it stands for in spelling: "November".
    var letter: String?
}

/// What words mean in some of the languages. Keys are in lower case, without accents.
struct Lexicon {
    private var places: [String: Int] = [:]
    private(set) var entries: [LexiconEntry] = []

    /// Returns the lexicon of a language by its code ("en", "pt-BR"); of all five if the code is nil, unknown or stands for several.
    /// In other languages only what is written in digits and signs is understood.
    static func of(_ language: String?) -> Lexicon {
        switch languages(of: language) {
        case .english: english
        case .german: german
        case .french: french
        case .spanish: spanish
        case .italian: italian
        case []: written
        default: all
        }
    }

    /// The languages to try for a code. Empty: none of the five.
    static func languages(of code: String?) -> SpokenLanguages {
        let code = (code ?? "").lowercased()
        let primary = String(code.prefix { $0 != "-" && $0 != "_" })
        switch primary {
        case "en", "english": return .english
        case "de", "german", "gsw", "lb": return .german
        case "fr", "french": return .french
        case "es", "spanish", "gl": return .spanish
        case "it", "italian": return .italian
        case "", "auto", "multi", "mul", "und", "zxx", "unknown": return .all
        default: return []
        }
    }

    private static let english = Lexicon(.english)
    private static let german = Lexicon(.german)
    private static let french = Lexicon(.french)
    private static let spanish = Lexicon(.spanish)
    private static let italian = Lexicon(.italian)
    private static let written = Lexicon([])
    private static let all = Lexicon(.all)

    private init(_ languages: SpokenLanguages) {
        addEverywhere()
        if languages.contains(.english) { addEnglish() }
        if languages.contains(.german) { addGerman() }
        if languages.contains(.french) { addFrench() }
        if languages.contains(.spanish) { addSpanish() }
        if languages.contains(.italian) { addItalian() }
    }

    func place(of text: String) -> Int? { places[text] }

    private mutating func edit(_ word: String, _ change: (inout LexiconEntry) -> Void) {
        if let place = places[word] {
            change(&entries[place])
        } else {
            var entry = LexiconEntry()
            change(&entry)
            places[word] = entries.count
            entries.append(entry)
        }
    }

    mutating func number(_ word: String, _ value: Int, width: Int? = nil, _ languages: SpokenLanguages) {
        edit(word) {
            $0.numbers.append(.init(value: value, width: width ?? String(value).count, languages: languages))
        }
    }

    /// Adds words, separated by spaces, that count up from `first` by `step`.
    mutating func numbers(_ words: String, from first: Int, by step: Int = 1, _ languages: SpokenLanguages) {
        for (index, word) in words.split(separator: " ").enumerated() {
            number(String(word), first + index * step, languages)
        }
    }

    /// Gives roles to words that are separated by spaces.
    mutating func words(_ words: String, _ roles: WordRoles) {
        for word in words.split(separator: " ") { edit(String(word)) { $0.roles.formUnion(roles) } }
    }

    /// Lets words, separated by spaces, name a sign.
    mutating func sign(_ sign: String, _ words: String) {
        for word in words.split(separator: " ") { edit(String(word)) { $0.sign = sign } }
    }

    /// Adds words, separated by spaces, that stand for their first letter in spelling.
    mutating func spelling(_ words: String) {
        for word in words.split(separator: " ") {
            edit(String(word)) { $0.letter = $0.letter ?? String(word.prefix(1)) }
        }
    }

    /// Adds names of letters, as in "doppelvau=w".
    mutating func letters(_ names: String) {
        for name in names.split(separator: " ") {
            let parts = name.split(separator: "=")
            if parts.count == 2 { edit(String(parts[0])) { $0.letter = $0.letter ?? String(parts[1]) } }
        }
    }
}
