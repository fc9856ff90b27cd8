import API
import Addresses
import Egress
import Foundation
import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Pipeline
import Tenancy

/// The JSON bodies of requests: `URLSubmission` for `POST /jobs`, and `JSONBody` for all others.
///
/// Each is accepted or refused with 400 or 413. What is accepted is one JSON object that names no member twice, and its values are those that
/// were sent.
struct BodyTarget: FuzzTarget {
    let longest = 20_480
    let seeds = [
        #"{"source_url":"https://example.org/a.mp3","diarize":true,"language":"en","speakers_expected":2,"metadata":{"a":[1,"b"]},"webhook_url":"https://example.org/hook","deadline_seconds":3600}"#,
        #"{"source_url":"http://203.0.113.7:8080/a?b=c#d","transcript_retention_days":28.0,"test_outcome":"completed","test_delay_seconds":1e1}"#,
        #"{"api_key":"tsk_live_x","scopes":["jobs:read"],"expires_in":600,"nested":{"name":"x","count":3}}"#,
        #"{"scopes":[],"nested":null,"expires_in":1.5}"#, "{}", #"{"metadata":{}}"#,
    ].map { Array($0.utf8) }
    let dictionary =
        JSONTarget().dictionary + [
            "\"source_url\"", "\"http://\"", "https://", "\"diarize\"", "\"metadata\":{", "\"language\":\"auto\"",
            "\"expires_in\":", "\"scopes\":[", "\"nested\":{", "\"count\":", "\"name\":", "\"file\":1", "127.0.0.1",
            "[::1]", "localhost", "1.0", "2.5", "null", "{\"a\":", "[1.5,",
        ]

    /// Like the bodies of our calls: texts, whole numbers, lists, and something nested.
    struct Body: Decodable {
        struct Nested: Decodable {
            let name: String?
            let count: Int?
        }

        let api_key: String?
        let scopes: [String]?
        let expires_in: Int?
        let nested: Nested?
    }

    func check(_ input: [UInt8]) async throws -> String {
        let job = try submission(input)
        let body = try await decoded(input)
        return "\(job) | \(body)"
    }

    private func submission(_ input: [UInt8]) throws -> String {
        let submission: URLSubmission
        do {
            submission = try URLSubmission(input, policy: AddressPolicy())
        } catch let error as APIError {
            try require(error.code.status == 400 || error.code == .sourceURLRefused, "a body is answered \(error)")
            return
                "\(error.code) \(error.details["field"].map { "\($0)".prefix(24) } ?? "") \(error.message.suffix(20))"
        }
        guard let members = try members(input) else { throw FuzzFinding("a job's body is not strict JSON") }
        guard case .string(let url) = members["source_url"] else { throw FuzzFinding("a job has a URL that is none") }
        try require(submission.source.text == url, "a job has another URL than was sent")
        if case .object(let metadata) = members["metadata"] {
            try require(submission.options.metadata == metadata, "a job has other metadata than was sent")
        }
        return "job \(members.count)"
    }

    private func decoded(_ input: [UInt8]) async throws -> String {
        let body: Body
        do {
            body = try await JSONBody.decode(Body.self, from: Self.request(input))
        } catch let error as APIError {
            try require([400, 413].contains(error.code.status), "a body is answered \(error)")
            return
                "\(error.code) \(error.details["field"].map { "\($0)".prefix(24) } ?? "") \(error.message.suffix(20))"
        }
        guard let members = try members(input) else { return "body that cannot be stored" }
        try require(Self.text(members["api_key"]) == body.api_key, "a text is not the one that was sent")
        if case .number(let text) = members["expires_in"] {
            try require(body.expires_in.map { Double($0) } == Double(text), "a number is not the one that was sent")
        }
        return "body \(members.count) \(body.scopes?.count.signum() ?? -1) \(body.nested == nil)"
    }

    /// The members of a body that was accepted, by a reader that is strict; nil if it is JSON that the database could not store.
    private func members(_ input: [UInt8]) throws -> [String: JSONReader.Value]? {
        var values: [String: JSONReader.Value] = [:]
        do {
            for member in try JSONObjectReader.members(of: input, deepest: .max) {
                try require(values.updateValue(member.value, forKey: member.name) == nil, "a member came twice")
            }
            return values
        } catch let refusal as JSONObjectReader.Refusal {
            try require(refusal.fault != .malformed, "a body was accepted that is no JSON")
            return nil
        }
    }

    private static func text(_ value: JSONReader.Value?) -> String? {
        if case .string(let text) = value { text } else { nil }
    }

    private static func request(_ input: [UInt8]) -> Request {
        var fields = HTTPFields()
        fields[.contentType] = "application/json"
        return Request(
            head: HTTPRequest(method: .post, scheme: "http", authority: "test", path: "/", headerFields: fields),
            body: RequestBody(buffer: ByteBuffer(bytes: input)))
    }
}
