/// What IBANs look like in each country (ISO 13616, SWIFT's registry).
enum IBANFormat {
    /// What follows the country and the check digits: `n` a digit, `a` a letter, `c` either.
    static let formats: [String: [Character]] = {
        let registry = """
            AD 8n12c|AE 19n|AL 8n16c|AT 16n|AZ 4a20c|BA 16n|BE 12n|BG 4a6n8c|BH 4a14c|BI 23n|BR 23n1a1c|BY 4c4n16c|CH 5n12c|CR 18n|CY 8n16c
            CZ 20n|DE 18n|DJ 23n|DK 14n|DO 4c20n|EE 16n|EG 25n|ES 20n|FI 14n|FK 2a12n|FO 14n|FR 10n11c2n|GB 4a14n|GE 2a16n|GI 4a15c|GL 14n
            GR 7n16c|GT 4c20c|HN 4a20n|HR 17n|HU 24n|IE 4a14n|IL 19n|IQ 4a15n|IS 22n|IT 1a10n12c|JO 4a4n18c|KW 4a22c|KZ 3n13c|LB 4n20c
            LC 4a24c|LI 5n12c|LT 16n|LU 3n13c|LV 4a13c|LY 21n|MC 10n11c2n|MD 2c18c|ME 18n|MK 3n10c2n|MN 16n|MR 23n|MT 4a5n18c|MU 4a19n3a
            NI 4a20n|NL 4a10n|NO 11n|OM 3n16c|PK 4a16c|PL 24n|PS 4a21c|PT 21n|QA 4a21c|RO 4a16c|RS 18n|RU 14n15c|SA 2n18c|SC 4a20n3a
            SD 14n|SE 20n|SI 15n|SK 20n|SM 1a10n12c|SO 19n|ST 21n|SV 4a20n|TL 19n|TN 20n|TR 5n1n16c|UA 6n19c|VA 18n|VG 4a16n|XK 16n|YE 4a4n18c
            """
        var formats: [String: [Character]] = [:]
        for line in registry.split(whereSeparator: { $0 == "\n" || $0 == "|" }) {
            let parts = line.split(separator: " ")
            guard parts.count == 2 else { continue }
            var count = 0
            var format: [Character] = ["n", "n"]
            for character in parts[1] {
                if let digit = character.wholeNumberValue {
                    count = count * 10 + digit
                } else {
                    format += Array(repeating: character, count: count)
                    count = 0
                }
            }
            formats[parts[0].lowercased()] = format
        }
        return formats
    }()

    /// Whether the check digits are right (ISO 7064, MOD 97-10).
    ///
    /// - Parameter text: the whole IBAN in ASCII letters and digits.
    static func hasRightCheckDigits(_ text: [UInt8]) -> Bool {
        guard text.count > 4 else { return false }
        var remainder = 0
        for byte in text[4...] + text[..<4] {
            switch byte {
            case 0x30...0x39: remainder = (remainder * 10 + Int(byte) - 0x30) % 97
            case 0x61...0x7A: remainder = (remainder * 100 + Int(byte) - 0x61 + 10) % 97
            default: return false
            }
        }
        return remainder == 1
    }
}
