import Foundation
import Postgres
import Synchronization

/// The endpoints that give a role's credentials, as AWS documents them: the metadata service of an instance (version 2 only), the endpoint of a
/// container, and `AssumeRoleWithWebIdentity` of STS. All on one port of this machine.
package final class RoleSimulator: Sendable {
    package struct Key: Sendable, Equatable {
        package let id, secret, token: String
        package var expires: Timestamp

        package init(id: String, secret: String, token: String, expires: Timestamp) {
            (self.id, self.secret, self.token, self.expires) = (id, secret, token, expires)
        }
    }

    package enum Place: String, Sendable, CaseIterable {
        case instance, container, webIdentity
    }

    /// What is done instead of handing out the key.
    package enum Fault: Sendable {
        case answer(Int, body: String = "")
        /// Nothing is answered, and the connection stays open.
        case silence
        /// The connection is closed without an answer.
        case hangUp
    }

    private struct State {
        var key: Key
        var fault: Fault?
        /// A fault for every request, not only for that of the key.
        var isDown = false
        var isHeld = false
        var hasRole = true
        var requests: [String] = []
        var sessions: Set<String> = []
        var webIdentity = "web-identity-5ec4e7"
    }

    /// The name of the role; an instance's may have these characters.
    package static let role = "Verbatim+=,.@-_role"
    package static let roleARN = "arn:aws:iam::123456789012:role/verbatim"
    /// What containers prove who they are with.
    package static let authorization = "Bearer-5ec4e7"

    private let state: Shared
    private let listener: LoopbackListener
    private let folder: TemporaryFolder

    package init(_ key: Key) throws {
        let state = Shared(State(key: key))
        self.state = state
        folder = try TemporaryFolder()
        listener = try LoopbackListener { socket in try? Self.serve(socket, state) }
        try write(webIdentity: "web-identity-5ec4e7")
        try Data((Self.authorization + "\n").utf8).write(to: URL(fileURLWithPath: folder.path + "/authorization"))
    }

    deinit {
        state.release()
        folder.remove()
    }

    package var url: String { "http://127.0.0.1:\(listener.port)" }

    /// The settings of a node whose role is that of `place`.
    package func settings(_ place: Place) -> [String: String] {
        switch place {
        case .instance: ["AWS_EC2_METADATA_SERVICE_ENDPOINT": url + "/"]
        case .container:
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": folder.path + "/authorization",
            ]
        case .webIdentity:
            [
                "AWS_ROLE_ARN": Self.roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": folder.path + "/token",
                "AWS_ENDPOINT_URL_STS": url,
            ]
        }
    }

    /// The key that is handed out.
    package var key: Key {
        get { state.value.withLock { $0.key } }
        set { state.value.withLock { $0.key = newValue } }
    }

    package func fail(_ fault: Fault?) { state.value.withLock { ($0.fault, $0.isDown) = (fault, false) } }

    /// Fails every request, also those before the key's.
    package func failAll(_ fault: Fault) { state.value.withLock { ($0.fault, $0.isDown) = (fault, true) } }

    /// Whether requests for the key wait.
    package func hold() { state.value.withLock { $0.isHeld = true } }
    package func release() { state.release() }

    package func takeRole() { state.value.withLock { $0.hasRole = false } }

    /// Replaces the token that the platform gives, and the one that STS accepts.
    package func write(webIdentity token: String, accepts accepted: String? = nil) throws {
        state.value.withLock { $0.webIdentity = accepted ?? token }
        try Data((token + "\n").utf8).write(to: URL(fileURLWithPath: folder.path + "/token"), options: .atomic)
    }

    /// Method and path of each request so far.
    package var requests: [String] { state.value.withLock { $0.requests } }

    /// How many requests for the key there were so far.
    package var renewals: Int {
        requests.count { $0 == "GET \(Self.folder)\(Self.role)" || $0 == "GET /v1/credentials" || $0 == "POST /" }
    }

    private static let folder = "/latest/meta-data/iam/security-credentials/"
}

// The server.

extension RoleSimulator {
    private final class Shared: Sendable {
        let value: Mutex<State>
        private let condition = NSCondition()
        init(_ state: State) { value = Mutex(state) }

        func wait() {
            condition.withLock {
                while value.withLock({ $0.isHeld }) { condition.wait() }
            }
        }

        func release() {
            condition.withLock {
                value.withLock { $0.isHeld = false }
                condition.broadcast()
            }
        }
    }

    private struct Request {
        let method, path: String
        let headers: [String: String]
        let body: String
    }

    private static func serve(_ socket: LoopbackSocket, _ state: Shared) throws {
        var bytes = Data()
        while let request = try read(&bytes, socket) {
            state.value.withLock { $0.requests.append("\(request.method) \(request.path)") }
            let fault = state.value.withLock { $0.isDown ? $0.fault : nil }
            let answer = fault.map(Answer.fault) ?? self.answer(request, state)
            switch answer {
            case .fault(.silence):
                // Until the client gives up.
                while try !socket.receive().isEmpty {}
                return
            case .fault(.hangUp): return
            case .fault(.answer(let status, let body)), .answer(let status, let body):
                try socket.send("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            }
        }
    }

    private enum Answer {
        case answer(Int, String)
        case fault(Fault)
    }

    private static func answer(_ request: Request, _ state: Shared) -> Answer {
        switch (request.method, request.path) {
        case ("PUT", "/latest/api/token"):
            let life = request.headers["x-aws-ec2-metadata-token-ttl-seconds"].flatMap(Int.init) ?? 0
            guard (1...21_600).contains(life) else { return .answer(400, "") }
            // It came through a proxy.
            guard request.headers["x-forwarded-for"] == nil else { return .answer(403, "") }
            let session = "session-5ec4e7-\(UInt64.random(in: 0 ... .max))=="
            state.value.withLock { _ = $0.sessions.insert(session) }
            return .answer(200, session)
        case ("GET", let path) where path.hasPrefix(folder):
            let session = request.headers["x-aws-ec2-metadata-token"] ?? ""
            guard state.value.withLock({ $0.sessions.contains(session) }) else { return .answer(401, "") }
            guard state.value.withLock({ $0.hasRole }) else { return .answer(404, "<html>Not Found</html>") }
            if path == folder { return .answer(200, role) }
            guard path == folder + role else { return .answer(404, "") }
            return key(state) { key in
                """
                {
                  "Code" : "Success",
                  "LastUpdated" : "2026-04-26T16:39:16Z",
                  "Type" : "AWS-HMAC",
                  "AccessKeyId" : "\(key.id)",
                  "SecretAccessKey" : "\(key.secret)",
                  "Token" : "\(key.token)",
                  "Expiration" : "\(key.expires)"
                }
                """
            }
        case ("GET", "/v1/credentials"):
            guard request.headers["authorization"] == authorization else {
                return .answer(401, #"{"code":"AccessDenied","message":"5ec4e7"}"#)
            }
            return key(state) { key in
                #"{"RoleArn":"\#(roleARN)","AccessKeyId":"\#(key.id)","SecretAccessKey":"\#(key.secret)","Token":"\#(key.token)","Expiration":"\#(key.expires)","AccountId":"123456789012"}"#
            }
        case ("POST", "/"): return assumeRole(request, state)
        default: return .answer(404, "")
        }
    }

    private static func assumeRole(_ request: Request, _ state: Shared) -> Answer {
        var form: [String: String] = [:]
        for part in request.body.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1)
            if pair.count == 2 { form[String(pair[0])] = pair[1].removingPercentEncoding }
        }
        func refusal(_ status: Int, _ code: String) -> Answer {
            .answer(
                status,
                """
                <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>\(code)</Code>\
                <Message>5ec4e7</Message></Error><RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId></ErrorResponse>
                """)
        }
        guard request.headers["content-type"] == "application/x-www-form-urlencoded",
            form["Action"] == "AssumeRoleWithWebIdentity", form["Version"] == "2011-06-15",
            form["RoleSessionName"]?.wholeMatch(of: /[\w+=,.@\-]{2,64}/) != nil
        else { return refusal(400, "ValidationError") }
        guard form["WebIdentityToken"] == state.value.withLock({ $0.webIdentity }) else {
            return refusal(400, "ExpiredTokenException")
        }
        guard form["RoleArn"] == roleARN else { return refusal(403, "AccessDenied") }
        return key(state) { key in
            """
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <AssumeRoleWithWebIdentityResult>
                <SubjectFromWebIdentityToken>system:serviceaccount:default:verbatim</SubjectFromWebIdentityToken>
                <Audience>sts.amazonaws.com</Audience>
                <AssumedRoleUser>
                  <Arn>arn:aws:sts::123456789012:assumed-role/verbatim/verbatim</Arn>
                  <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:verbatim</AssumedRoleId>
                </AssumedRoleUser>
                <Credentials>
                  <SessionToken>\(key.token)</SessionToken>
                  <SecretAccessKey>\(key.secret)</SecretAccessKey>
                  <Expiration>\(key.expires)</Expiration>
                  <AccessKeyId>\(key.id)</AccessKeyId>
                </Credentials>
                <Provider>https://oidc.example/id</Provider>
              </AssumeRoleWithWebIdentityResult>
              <ResponseMetadata><RequestId>ad4156e9-bce1-11e2-82e6-6b6efEXAMPLE</RequestId></ResponseMetadata>
            </AssumeRoleWithWebIdentityResponse>
            """
        }
    }

    private static func key(_ state: Shared, _ document: (Key) -> String) -> Answer {
        state.wait()
        let (key, fault) = state.value.withLock { ($0.key, $0.fault) }
        return fault.map(Answer.fault) ?? .answer(200, document(key))
    }

    /// Nil when the client has closed.
    private static func read(_ bytes: inout Data, _ socket: LoopbackSocket) throws -> Request? {
        var end: Range<Data.Index>?
        while end == nil {
            end = bytes.firstRange(of: Data("\r\n\r\n".utf8))
            guard end == nil else { break }
            let more = try socket.receive()
            if more.isEmpty { return nil }
            bytes += more
        }
        guard let end else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count == 2 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        let length = headers["content-length"].flatMap(Int.init) ?? 0
        while bytes.endIndex < end.upperBound + length {
            let more = try socket.receive()
            if more.isEmpty { return nil }
            bytes += more
        }
        let body = String(decoding: bytes[end.upperBound..<(end.upperBound + length)], as: UTF8.self)
        bytes = Data(bytes[(end.upperBound + length)...])
        let words = lines[0].split(separator: " ")
        return Request(method: String(words[0]), path: String(words[1]), headers: headers, body: body)
    }
}
