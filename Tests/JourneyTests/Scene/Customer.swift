import Egress
import Foundation
import TestSupport
import Testing

/// A client of the API.
struct Customer: Sendable {
    let node: Node
    let http: EgressClient
    let token: String

    static func logIn(apiKey: String, at node: Node, over http: EgressClient) async throws -> Customer {
        let anyone = Customer(node: node, http: http, token: "")
        let answer = try await anyone.send("POST", "/auth/token", json: #"{"api_key":"\#(apiKey)"}"#)
        try #require(answer.status == 200, "\(answer.text)")
        return Customer(node: node, http: http, token: try #require(try answer.json["access_token"] as? String))
    }

    /// Exchanges an API key for a narrower token.
    static func narrowToken(_ body: String, at node: Node, over http: EgressClient) async throws -> String {
        let anyone = Customer(node: node, http: http, token: "")
        return try #require(try await anyone.send("POST", "/auth/token", json: body).json["access_token"] as? String)
    }

    /// Creates an API key.
    func createKey(_ body: String) async throws -> (id: String, text: String, scopes: [String]) {
        let answer = try await send("POST", "/keys", json: body)
        try #require(answer.status == 201, "\(answer.text)")
        let key = try answer.json
        return (
            try #require(key["key_id"] as? String), try #require(key["api_key"] as? String),
            try #require(key["scopes"] as? [String])
        )
    }

    func get(_ path: String, headers: [(name: String, value: String)] = []) async throws -> Answer {
        try await send("GET", path, headers: headers)
    }

    func send(
        _ method: String, _ path: String, json: String? = nil, headers: [(name: String, value: String)] = []
    ) async throws -> Answer {
        var headers = headers
        if json != nil { headers.append((name: "Content-Type", value: "application/json")) }
        return try await send(method, path, body: json.map { .bytes(Array($0.utf8)) } ?? .none, headers: headers)
    }

    /// Posts a file with form fields, the file last.
    func post(
        file path: String, named name: String? = nil, fields: [String: String] = [:], query: String = "",
        headers: [(name: String, value: String)] = []
    ) async throws -> Answer {
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int64 ?? 0
        let name = name ?? URL(fileURLWithPath: path).lastPathComponent
        let parts = fields.map { EgressPart(name: $0.key, value: $0.value) }
        let file = EgressPart(
            name: "file", filename: name, contentType: "application/octet-stream",
            content: size == 0 ? .bytes([]) : .file(path: path, offset: 0, length: size))
        return try await send("POST", "/jobs" + query, body: .multipart(parts + [file]), headers: headers)
    }

    /// Posts a file, which must be accepted, and returns the job's id.
    func submit(file path: String, named name: String? = nil, fields: [String: String] = [:]) async throws -> String {
        let answer = try await post(file: path, named: name, fields: fields)
        try #require(answer.status == 202, "\(answer.text)")
        return try #require(try answer.json["job_id"] as? String)
    }

    /// Waits until the job has ended, and returns it.
    func finished(_ job: String) async throws -> [String: Any] {
        var last: [String: Any] = [:]
        try await eventually("job \(job) ends") {
            last = try await get("/jobs/\(job)").json
            return ["completed", "failed", "cancelled"].contains(last["status"] as? String ?? "")
        }
        return last
    }

    /// Waits until the job has completed, and returns its transcript as one line of text.
    func words(of job: String) async throws -> String {
        let ended = try await finished(job)
        try #require(ended["status"] as? String == "completed", "\(ended)")
        return try await get("/jobs/\(job)/transcript?format=txt").text.split(whereSeparator: \.isWhitespace).joined(
            separator: " ")
    }

    private func send(
        _ method: String, _ path: String, body: EgressBody, headers: [(name: String, value: String)]
    ) async throws -> Answer {
        var headers = headers
        if !token.isEmpty { headers.append((name: "Authorization", value: "Bearer \(token)")) }
        let response = try await http.send(
            EgressRequest(
                method: method, url: node.url + path, headers: headers, body: body,
                limits: EgressLimits(total: .seconds(300), connect: .seconds(60), responseBytes: 64 << 20),
                trust: .operatorConfigured))
        return Answer(status: response.status, headers: response.headers, body: response.body)
    }
}

/// A response of the API.
struct Answer: Sendable {
    let status: Int
    let headers: EgressHeaders
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: [String: Any] {
        get throws { try JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] ?? [:] }
    }

    /// Checks that the response is a complete problem document with that status, and returns it.
    func problem(_ status: Int) throws -> [String: Any] {
        #expect(self.status == status, "\(text)")
        #expect(headers["Content-Type"] == "application/problem+json")
        let problem = try json
        #expect(problem["status"] as? Int == status)
        #expect((problem["message"] as? String)?.isEmpty == false)
        #expect((problem["title"] as? String)?.isEmpty == false)
        #expect(problem["request_id"] as? String == headers["X-Request-Id"])
        #expect((problem["type"] as? String)?.hasSuffix("/errors/\(problem["error"] as? String ?? "-")") == true)
        return problem
    }
}
