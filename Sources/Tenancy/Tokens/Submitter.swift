import Postgres

/// Who submits a job: a program, by its API key, or a member. Stored as the id of either.
package enum Submitter: RawRepresentable, Hashable, Sendable, PostgresCodable {
    case key(APIKeyID)
    case member(MemberID)

    package init?(rawValue: String) {
        if let member = MemberID(rawValue: rawValue) {
            self = .member(member)
        } else if let key = APIKeyID(rawValue: rawValue) {
            self = .key(key)
        } else {
            return nil
        }
    }

    package var rawValue: String {
        switch self {
        case .key(let key): key.rawValue
        case .member(let member): member.rawValue
        }
    }

    package var key: APIKeyID? {
        if case .key(let key) = self { key } else { nil }
    }

    package var member: MemberID? {
        if case .member(let member) = self { member } else { nil }
    }
}
