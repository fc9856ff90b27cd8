import JSON
import Postgres

/// Reads the credentials in an endpoint's answer. Whatever the bytes are, what it returns can be sent in a header.
package enum CredentialDocument {
    /// The most bytes that an answer may have.
    package static let mostBytes = 64 << 10
    private static let longestKey = 1024
    private static let longestToken = 16 << 10

    /// Reads the JSON of instance metadata and of container endpoints. Nil if anything is missing, malformed or too long.
    package static func credentials(json bytes: [UInt8]) -> S3Credentials? {
        guard let fields = strings(bytes) else { return nil }
        return credentials(
            id: fields["AccessKeyId"], secret: fields["SecretAccessKey"], token: fields["Token"],
            expires: fields["Expiration"])
    }

    /// Returns the code of an answer of instance metadata that has no credentials.
    static func code(json bytes: [UInt8]) -> String? {
        guard let code = strings(bytes)?["Code"], code != "Success" else { return nil }
        return code.wholeMatch(of: /[A-Za-z0-9.\-]{1,64}/) == nil ? nil : code
    }

    /// Reads the XML of STS. Nil if anything is missing, malformed or too long.
    package static func credentials(xml bytes: [UInt8]) -> S3Credentials? {
        let place = ["AssumeRoleWithWebIdentityResponse", "AssumeRoleWithWebIdentityResult", "Credentials"]
        var reader = XMLReader(bytes, longestText: longestToken + 1)
        var (path, fields, count) = ([String](), [String: String](), 0)
        while let event = reader.next() {
            switch event {
            case .start(let name, _):
                count += 1
                guard count <= 100, path.count < 8, count == 1 || !path.isEmpty else { return nil }
                path.append(S3Document.local(name))
            case .end(let name):
                guard path.popLast() == S3Document.local(name) else { return nil }
            case .text(let text):
                if path.count == 4, path.dropLast().elementsEqual(place) { fields[path[3], default: ""] += text }
            }
        }
        guard path.isEmpty else { return nil }
        return credentials(
            id: fields["AccessKeyId"], secret: fields["SecretAccessKey"], token: fields["SessionToken"],
            expires: fields["Expiration"])
    }

    /// Returns the code of an error of STS, which is the only part that is logged.
    static func code(xml bytes: [UInt8]) -> String? {
        guard let document = S3Document(bytes), document.root == "ErrorResponse" else { return nil }
        let code = document.children.first { $0.name == "Error" }?["Code"]
        return code?.wholeMatch(of: /[A-Za-z0-9.\-]{1,64}/) == nil ? nil : code
    }

    private static func credentials(id: String?, secret: String?, token: String?, expires: String?) -> S3Credentials? {
        guard let id, isSound(id, longestKey), let secret, isSound(secret, longestKey), let token,
            isSound(token, longestToken), let expires = expires.flatMap(Timestamp.init(rfc3339:))
        else { return nil }
        return S3Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token, expires: expires)
    }

    private static func isSound(_ text: String, _ longest: Int) -> Bool {
        !text.isEmpty && text.utf8.count <= longest && text.isPrintableASCII
    }

    /// The members whose values are strings; nil if the text is not an object.
    private static func strings(_ bytes: [UInt8]) -> [String: String]? {
        guard bytes.count <= mostBytes, let members = try? JSONObjectReader.members(of: bytes, deepest: 8) else {
            return nil
        }
        var strings: [String: String] = [:]
        for member in members {
            if case .string(let text) = member.value { strings[member.name] = text }
        }
        return strings
    }
}

extension String {
    /// Whether it can be a key or a token: printable ASCII without spaces.
    var isPrintableASCII: Bool { utf8.allSatisfy { (0x21...0x7E).contains($0) } }
}
