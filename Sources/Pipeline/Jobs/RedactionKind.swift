/// What a customer can have masked in a transcript. The raw values are those of `redact` in the API.
package enum RedactionKind: String, Sendable, CaseIterable, Codable {
    /// 13 to 19 digits with a known first few and a check digit (ISO/IEC 7812).
    case cardNumber = "card_number"
    case phoneNumber = "phone_number"
    case email
    /// With the length of its country and right check digits (ISO 13616).
    case iban
    /// A US Social Security number that may have been issued.
    case usSSN = "us_ssn"
    /// IPv4 or IPv6.
    case ipAddress = "ip_address"

    /// What stands in the transcript instead, as in `[CARD_NUMBER]`.
    package var mask: String { "[\(rawValue.uppercased())]" }
}
