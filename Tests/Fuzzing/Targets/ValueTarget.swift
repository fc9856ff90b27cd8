import API
import Addresses
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Pipeline
import Postgres
import Tenancy

/// Single values: of header fields, query parameters, form fields and settings, of requests and of other servers' answers.
///
/// The whole input is read as each of them. What is read can be written, and reads as the same again; what we write from a stranger's text stays one
/// header field.
struct ValueTarget: FuzzTarget {
    let longest = 2_048
    let seeds = [
        #"form-data; name="file"; filename="a \"b\".mp3"; filename*=UTF-8''na%C3%AFve"#,
        "multipart/form-data;boundary=b",
        "application/json;q=0.5, text/*;q=1, */*;q=0.001", "1.2.3.4, [2001:db8::1]:443, ::ffff:192.0.2.1",
        "bytes 1000-1999/5000", "bytes */5000", "2026-11-23T09:30:00.123456+05:30", "2.8e1", "-0.0", "req_abc-1.2",
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "120",
        "am9iXzAxSlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpa", "../../etc/passwd\u{202E}3pm.\u{0}exe", "naïve 😀.mp3",
        "verbatim_session=abc; x=y", "10.0.0.0/8, fd00::/8 192.168.1.7", "gzip, identity", "en",
        "text/html; charset=utf-8",
    ].map { Array($0.utf8) }
    let dictionary = [
        ";", "=", "\"", "\\", ",", " ", "\t", "q=", "*/*", "text/", "application/", "bytes ", "-", "/", "*", "[", "]",
        ":",
        "::", "::ffff:", ".", "%", "'", "UTF-8''", "filename", "name", "T", "Z", "+00:00", "-23:59", "GMT", "Sun, ",
        "Nov", "9999", "0000", "1e", "E+", "inf", "nan", "0x1p3", "\r\n", "\u{0}", "\u{85}", "\u{2028}", "\u{202E}",
        "é",
        "e\u{301}", "👩‍👩‍👧‍👦", "١٢٣", "/128", "/0", "verbatim_session=", "data:", "2026-02-30",
    ]

    private static let proxies = TrustedProxies(
        blocks: ["192.0.2.0/24", "2001:db8::/32"].compactMap { try? CIDR($0) })

    func check(_ input: [UInt8]) async throws -> String {
        let text = String(decoding: input, as: UTF8.self)
        return [
            try header(text), try names(text), try addresses(text), try times(text), try numbers(text),
            try media(text, input),
        ].joined(separator: " ")
    }

    private func header(_ text: String) throws -> String {
        var answer = "-"
        for shown in [nil, "filename"] {
            guard let value = HeaderValue(text, shown: shown) else { continue }
            answer = "h\(min(value.parameters.count, 5))"
            try require(value.value == value.value.lowercased(), "a header's value is \(value.value)")
            for (name, content) in value.parameters {
                try require(!name.isEmpty && name == name.lowercased(), "a parameter has the name \(name)")
                // Written as a quoted string, it reads as the same again.
                let quoted = content.unicodeScalars.map { $0 == "\\" || $0 == "\"" ? "\\\($0)" : "\($0)" }.joined()
                let again = HeaderValue("x; n=\"\(quoted)\"")?.parameters["n"]
                try require(again == content, "a parameter reads as \(String(describing: again)), not as \(content)")
            }
        }
        if let id = RequestIdentifier(text) { try require(id.description == text, "an id has two spellings") }
        let request = Self.request(.cookie, text)
        if let token = SessionCookie.token(of: request) {
            try require(token.isEmpty || request.headers[.cookie]?.contains(token) == true, "a cookie is made up")
        }
        return answer + " \(TranscriptFormat.negotiate(accept: text).rawValue)"
    }

    private func names(_ text: String) throws -> String {
        let name = DisplayName(text).text
        try require((1...255).contains(name.utf8.count), "a name has \(name.utf8.count) bytes")
        try require(
            !name.contains("/") && !name.contains("\\") && name != ".." && name != ".", "a name is a path: \(name)")
        try require(
            DisplayName(name).text == name, "a name that was made fit is changed again: \(name.debugDescription)")
        let field = ContentDisposition.attachment(name: text)
        let isOneLine = field.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
        try require(isOneLine, "an answer's field is \(field.debugDescription)")
        let read = HeaderValue(field)
        let encoded = read?.parameters["filename*"]?.dropFirst(7) ?? ""
        try require(
            read?.value == "attachment" && read?.parameters.count == 2 && encoded.removingPercentEncoding == text,
            "an answer's field loses the name \(text.debugDescription)")
        return name == text ? "same" : name == "upload" ? "upload" : "other"
    }

    private func addresses(_ text: String) throws -> String {
        if let address = IPAddress(text) {
            try require(IPAddress(address.description) == address, "\(text) is written as \(address)")
        }
        if let block = try? CIDR(text) {
            try require(
                try CIDR(block.description) == block && block.contains(block.base), "\(text) is written as \(block)")
        }
        let blocks = (try? CIDR.list(text))?.count ?? -1
        // A peer that is no proxy is the client, whatever it claims.
        let stranger = Self.proxies.client(peer: "198.51.100.1", forwardedFor: text)
        try require(stranger.host == "198.51.100.1", "a stranger passes for \(stranger.host)")
        let client = Self.proxies.client(peer: "192.0.2.1", forwardedFor: text)
        try require(client.address.map { $0.description == client.host } ?? false, "a client has no address")
        return "\(min(blocks, 3)) \(client.host == "192.0.2.1")"
    }

    private func times(_ text: String) throws -> String {
        var answer = "-"
        if let time = Timestamp(rfc3339: text) {
            answer = "t"
            // In UTC it may be in the year before 0000 or after 9999, which cannot be written.
            let year = Int(time.rfc3339.prefix { $0 != "-" }) ?? -1
            if (0...9999).contains(year), time.rfc3339.count == 24 {
                try require(Timestamp(rfc3339: time.rfc3339) == time, "\(text) is written as \(time)")
            }
        }
        let now = Timestamp(milliseconds: 1_790_000_000_000)
        if let time = RetryAfter.time(text, now: now) {
            answer += "r"
            let isNumber = text.utf8.allSatisfy { (48...57).contains($0) }
            try require(!isNumber || time >= now, "to wait \(text) s ends in the past")
        }
        if let cursor = JobCursor(text) { try require(cursor.text == text, "a cursor has two spellings") }
        return answer
    }

    private func numbers(_ text: String) throws -> String {
        guard let number = Int(wholeNumber: text) else { return "-" }
        try require(Double(text) == Double(number), "\(text) is read as \(number)")
        return "\(number.signum())"
    }

    private func media(_ text: String, _ input: [UInt8]) throws -> String {
        if let range = ContentRange(text) {
            try require(range.start >= 0 && range.start <= range.end, "\(text) is read as \(range)")
            try require(range.total.map { $0 > range.end } ?? true, "\(text) is read as \(range)")
        }
        if let total = ContentRange.total(ofUnsatisfied: text) {
            try require(total >= 0, "\(text) is read as \(total)")
        }
        return "\(SourceKind(contentType: text, beginning: input)) \(SourceKind(contentType: nil, beginning: input))"
    }

    private static func request(_ name: HTTPField.Name, _ value: String) -> Request {
        var fields = HTTPFields()
        fields[name] = value
        return Request(
            head: HTTPRequest(method: .get, scheme: "http", authority: "test", path: "/", headerFields: fields),
            body: RequestBody(buffer: ByteBuffer()))
    }
}
