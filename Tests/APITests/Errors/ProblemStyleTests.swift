import API
import Foundation
import HTTPTypes
import NIOCore
import Testing

@Suite struct ProblemStyleTests {
    private let id = RequestIdentifier()

    private func render(_ error: APIError, url: String? = "https://api.example/") throws
        -> (HTTPResponse, [String: Any])
    {
        let (head, body) = ProblemStyle(publicURL: url).render(error, requestID: id)
        let object = try JSONSerialization.jsonObject(with: Data(body.readableBytesView)) as? [String: Any]
        return (head, try #require(object))
    }

    @Test(arguments: ErrorCode.allCases)
    func `every code has the contract's shape`(code: ErrorCode) throws {
        let (head, body) = try render(APIError(code, "What to do.", details: ["status": .number(1)]))
        #expect(head.status.code == code.status && (400..<600).contains(code.status))
        #expect(head.headerFields[.contentType] == "application/problem+json")
        #expect(head.headerFields[.xRequestID] == id.description)
        #expect((head.headerFields[.wwwAuthenticate] == "Bearer error=\"invalid_token\"") == (code.status == 401))
        #expect(body["type"] as? String == "https://api.example/errors/\(code.rawValue)")
        #expect(body["title"] as? String == code.title)
        #expect(body["status"] as? Int == code.status)
        #expect(body["error"] as? String == code.rawValue)
        #expect(body["message"] as? String == "What to do.")
        #expect(body["request_id"] as? String == id.description)
    }

    @Test func `what a code names stands beside the standard members`() throws {
        #expect(
            try render(APIError(.quotaExceeded, "x", details: ["overage_allowed": .flag(true)])).1["overage_allowed"]
                as? Bool == true)
        #expect(try render(.fileTooLarge(limitBytes: 5_000_000_000)).1["limit_bytes"] as? Int == 5_000_000_000)
        #expect(try render(.invalidAudio(reason: "empty_audio", "x")).1["reason"] as? String == "empty_audio")
        #expect(try render(.rateLimited("x", retryAfterSeconds: 0)).0.headerFields[.retryAfter] == "1")
    }

    @Test func `without a public address the type is relative`() throws {
        #expect(try render(.notFound(), url: nil).1["type"] as? String == "/errors/not_found")
    }
}
