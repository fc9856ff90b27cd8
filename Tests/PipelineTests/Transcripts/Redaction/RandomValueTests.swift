import Pipeline
import TestSupport
import Testing

/// Random values in random words, between sentences without numbers.
@Suite struct RandomValueTests {
    private static let rounds = 400

    private static func around(_ language: String) -> (before: [String], after: [String]) {
        switch language {
        case "en": (["Well,", "here", "you", "have", "it:"], ["thank", "you", "very", "much."])
        case "de": (["Gerne,", "hier", "haben", "Sie", "es:"], ["vielen", "Dank", "dafür."])
        case "fr": (["Très", "volontiers,", "voici", "ceci:"], ["merci", "beaucoup", "monsieur."])
        case "es": (["Con", "gusto,", "aquí", "tiene", "eso:"], ["muchas", "gracias", "señora."])
        default: (["Volentieri,", "eccolo", "finalmente", "qui:"], ["grazie", "mille", "signora."])
        }
    }

    /// Each round's value is found with exactly its words, with the language known and unknown.
    private static func expect(
        _ kind: RedactionKind, cue: [String: [String]] = [:], _ value: (inout SpokenValues) -> [String]
    ) {
        for round in 0..<rounds {
            let language = SpokenValues.languages[round % 5]
            var values = SpokenValues(seed: UInt64(round) &* 77 &+ 5, language: language)
            let said = value(&values)
            let (before, after) = around(language)
            let words = before + (cue[language] ?? []) + said + after
            let start = words.count - after.count - said.count
            for known in [language, nil] {
                let found = Redactor(kinds: Set(RedactionKind.allCases), language: known).findings(in: words)
                #expect(
                    found == [.init(kind: kind, words: start..<start + said.count)],
                    "\(round) \(known ?? "unknown"): \(words.joined(separator: " "))")
            }
        }
    }

    /// Nothing of a kind is found in any round.
    private static func expectNone(_ kind: RedactionKind, _ value: (inout SpokenValues) -> [String]) {
        for round in 0..<rounds {
            let language = SpokenValues.languages[round % 5]
            var values = SpokenValues(seed: UInt64(round) &* 91 &+ 3, language: language)
            let (before, after) = around(language)
            let words = before + value(&values) + after
            let found = Redactor(kinds: [kind], language: language).findings(in: words)
            #expect(found.isEmpty, "\(round) \(language): \(words.joined(separator: " "))")
        }
    }

    @Test func `cards are found however they are written or said`() {
        Self.expect(.cardNumber) { values in
            let card = values.card()
            return values.rendered(SpokenValues.groups(card, of: 4))
        }
        Self.expect(.cardNumber) { values in
            let card = values.card()
            return values.paired(card)
        }
    }

    @Test func `numbers with a wrong check digit are no cards`() {
        Self.expectNone(.cardNumber) { values in
            let card = values.card(valid: false)
            return values.rendered(SpokenValues.groups(card, of: 4))
        }
    }

    @Test func `IBANs are found however they are written or said`() {
        Self.expect(.iban) { values in
            let iban = values.iban()
            return values.rendered(SpokenValues.groups(iban, of: 4))
        }
    }

    @Test func `IBANs with wrong check digits are not found`() {
        Self.expectNone(.iban) { values in
            let iban = values.iban(valid: false)
            return values.rendered(SpokenValues.groups(iban, of: 4))
        }
    }

    @Test func `Social Security numbers are found where they are named`() {
        let cue = [
            "en": ["my", "social", "security", "number", "is"], "de": ["die", "US-Sozialversicherungsnummer", "ist"],
            "fr": ["le", "numéro", "de", "sécurité", "sociale", "est"],
            "es": ["el", "número", "de", "seguro", "social", "es"],
            "it": ["il", "numero", "di", "previdenza", "sociale", "è"],
        ]
        Self.expect(.usSSN, cue: cue) { values in
            let number = values.socialSecurityNumber()
            return values.rendered(number.split(separator: "-").map(String.init))
        }
    }

    @Test func `phone numbers are found where somebody says that one follows`() {
        let cue = [
            "en": ["call", "me", "at"], "de": ["ruf", "mich", "an", "unter"], "fr": ["appelez-moi", "au"],
            "es": ["llámame", "al"], "it": ["chiamami", "al"],
        ]
        Self.expect(.phoneNumber, cue: cue) { values in
            let phone = values.phone()
            return values.rendered(phone, separators: [" ", "-", ""])
        }
    }

    @Test func `e-mail addresses are found however they are written or said`() {
        Self.expect(.email) { values in
            let (local, domain) = values.email()
            let separator = Bool.random(using: &values.random)
            switch Int.random(in: 0..<3, using: &values.random) {
            case 0: return [local.joined(separator: separator ? "." : "_") + "@" + domain.joined(separator: ".")]
            case 1:
                return local.joined(separator: " \(values.dot) ").split(separator: " ").map(String.init) + [values.at]
                    + domain.joined(separator: " \(values.dot) ").split(separator: " ").map(String.init)
            default:
                // Spelled.
                return local.joined().map { String($0) } + [values.at]
                    + domain.joined(separator: " \(values.dot) ").split(separator: " ").map(String.init)
            }
        }
    }

    @Test func `IP addresses are found however they are written or said`() {
        Self.expect(.ipAddress) { values in
            let parts = values.address4()
            guard Bool.random(using: &values.random) else { return [parts.map(String.init).joined(separator: ".")] }
            return parts.map { values.spelled(String($0)).joined(separator: " ") }.joined(separator: " \(values.dot) ")
                .split(separator: " ").map(String.init)
        }
    }
}
