import JSON

/// The members of a JSON object that a customer sent, each with its value as it was written.
package struct JSONMembers: Sendable {
    package let values: [String: JSONReader.Value]
    /// In levels; more than any field may have.
    static let deepest = 128

    /// - Throws: `APIError` `invalid_request` unless it is one JSON object in UTF-8 that names no member twice.
    package init(_ bytes: [UInt8]) throws {
        let members: [JSONObjectReader.Member]
        do {
            members = try JSONObjectReader.members(of: bytes, deepest: Self.deepest)
        } catch {
            throw APIError(error.fault, field: error.member)
                ?? .noJSONObject
        }
        var values: [String: JSONReader.Value] = [:]
        for member in members where values.updateValue(member.value, forKey: member.name) != nil {
            throw APIError.invalidRequest(
                "The field is given more than once.", field: String(member.name.prefix(64)))
        }
        self.values = values
    }
}

extension APIError {
    static let noJSONObject = invalidRequest("The body is not a JSON object in UTF-8.")

    /// 400 if `field` contains JSON that cannot be kept; nil if it is not JSON at all.
    init?(_ fault: JSONReader.Fault, field: String?) {
        let subject = field.map { "'\($0.prefix(64))'" } ?? "The body"
        let message: String
        switch fault {
        case .malformed: return nil
        case .tooDeep(let levels): message = "\(subject) is nested too deep: at most \(levels) levels are read."
        case .holdsNUL: message = "\(subject) must not hold the character NUL (\\u0000)."
        case .hugeNumber: message = "\(subject) holds a number beyond the range of a double (1.8e308)."
        case .loneSurrogate:
            message =
                "\(subject) holds half of a surrogate pair (one of \\ud800 to \\udfff alone), which is not a character."
        }
        self = .invalidRequest(message, field: field.map { String($0.prefix(64)) })
    }
}
