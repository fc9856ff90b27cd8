/// The body of an error answer: RFC 9457's members, ours, and what the code adds. Ours win over a detail of the
/// same name.
struct ProblemDocument: Encodable {
    let type: String
    let error: APIError
    let requestID: RequestIdentifier

    private struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        for (name, detail) in error.details {
            switch detail {
            case .text(let value): try members.encode(value, forKey: Member(name))
            case .number(let value): try members.encode(value, forKey: Member(name))
            case .flag(let value): try members.encode(value, forKey: Member(name))
            }
        }
        try members.encode(type, forKey: Member("type"))
        try members.encode(error.code.title, forKey: Member("title"))
        try members.encode(error.code.status, forKey: Member("status"))
        try members.encode(error.code.rawValue, forKey: Member("error"))
        try members.encode(error.message, forKey: Member("message"))
        try members.encode(requestID.description, forKey: Member("request_id"))
    }
}
