import Egress
import Glibc

/// An error response of the store.
struct S3Failure: Sendable {
    let status: Int
    /// S3's error code, such as `NoSuchKey`; nil if the response has none.
    let code: String?
    /// The bucket's actual region, if the response says it.
    let region: String?

    init(status: Int, code: String? = nil, region: String? = nil) {
        self.status = status
        self.code = code
        self.region = region
    }

    init(_ response: EgressResponse) {
        let region = response.headers["x-amz-bucket-region"]
        self.init(
            status: response.status, code: Self.code(in: response.body),
            region: region?.wholeMatch(of: /[a-z0-9\-]{1,63}/) == nil ? nil : region)
    }

    /// Returns the error code of a response that is an error, which may also have the status 200. Nothing else of such a response is logged.
    static func code(in body: [UInt8]) -> String? {
        guard let document = S3Document(body), document.root == "Error" else { return nil }
        let code = document.values("Code").first
        return code?.wholeMatch(of: /[A-Za-z0-9.\-]{1,64}/) == nil ? nil : code
    }

    /// Whether the same call may succeed a little later.
    var isPassing: Bool {
        if let code, ["SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling"].contains(code)
        {
            return true
        }
        return [408, 429, 500, 502, 503, 504].contains(status)
    }

    /// Whether the call may succeed with newer credentials.
    func mayBeExpired(_ method: String) -> Bool {
        switch code {
        // Some stores forget the keys that have expired.
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId": true
        // The response to HEAD has no body, so it has no code either.
        case nil: method == "HEAD" && status == 400
        default: false
        }
    }

    /// - Parameter isRole: whether the call was signed with the credentials of a role.
    func error(ofRole isRole: Bool) -> StorageError {
        if isRole, let error = roleError { return error }
        switch code ?? "" {
        case "NoSuchBucket": return refused("the bucket of VERBATIM_STORAGE is not there")
        case "InvalidAccessKeyId": return refused("the store does not know AWS_ACCESS_KEY_ID")
        case "SignatureDoesNotMatch":
            return refused(
                "AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID, or AWS_REGION is not the store's")
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            return refused("AWS_SESSION_TOKEN is no longer valid, or not the key's")
        case "RequestTimeTooSkewed": return refused("this machine's clock differs from the store's")
        case "AuthorizationHeaderMalformed", "PermanentRedirect", "IllegalLocationConstraintException":
            return refused("the bucket does not lie in AWS_REGION" + (region.map { "; it lies in \($0)" } ?? ""))
        case "XMinioStorageFull", "QuotaExceeded", "InsufficientStorage", "ServiceQuotaExceeded":
            return StorageError(errno: ENOSPC, words: "the store is full (\(code ?? ""))")
        case "NoSuchKey", "NoSuchUpload": return StorageError(errno: ENOENT)
        default: break
        }
        if isPassing { return .away("the store answers \(words)") }
        switch status {
        case 301, 307:
            return refused("the bucket does not lie in AWS_REGION" + (region.map { "; it lies in \($0)" } ?? ""))
        case 401, 403:
            return refused("AWS_ACCESS_KEY_ID has too few rights for the bucket")
        case 404: return StorageError(errno: ENOENT)
        case 507: return StorageError(errno: ENOSPC, words: "the store is full")
        default: return StorageError(errno: EIO, words: "the store answers \(words)")
        }
    }

    /// What differs if the call was signed with the credentials of a role.
    private var roleError: StorageError? {
        switch code ?? "" {
        case "ExpiredToken", "InvalidToken", "TokenRefreshRequired":
            // The next renewal may help, so tasks wait.
            return .away("the store no longer accepts the role's credentials (\(words))")
        case "InvalidAccessKeyId": return refused("the store does not know the role's key")
        case "SignatureDoesNotMatch":
            return refused("the store rejects the signature with the role's key; is AWS_REGION the store's?")
        case "AccessDenied", "":
            return [401, 403].contains(status) ? refused("the role has too few rights for the bucket") : nil
        default: return nil
        }
    }

    private var words: String { "\(status)" + (code.map { " \($0)" } ?? "") }

    private func refused(_ reason: String) -> StorageError {
        StorageError(errno: EACCES, words: "\(reason) (\(words))")
    }
}
