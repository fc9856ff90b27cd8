import Egress
import Foundation

/// Why a call to AssemblyAI failed, as far as it makes a difference.
///
/// Some cases have no HTTP status of their own, such as an account without balance. They are recognized by the words of the answer.
enum AssemblyAIError: Error, Equatable {
    /// The account has no balance left.
    case quota
    /// AssemblyAI rejects our key, our models, our request or our URL; the operator must correct the settings. The text contains no secret
    /// and no URL.
    case refused(status: Int, text: String)
    /// None of the requested models knows the recording's language.
    case languageUnsupported
    /// The transcript doesn't exist.
    case missing
    /// Too many requests; `pause` is the answer's `Retry-After`.
    case rateLimited(pause: Duration?)
    /// It may work later.
    case unavailable(FallbackReason)

    /// Creates the error for an answer other than 2xx.
    init(_ response: EgressResponse, apiKey: String) {
        // A proxy in between may answer with a web page, which is judged by its status alone.
        let text = (try? JSONDecoder().decode(Refusal.self, from: Data(response.body)))?.error ?? ""
        let lowercased = text.lowercased()
        switch response.status {
        case 402: self = .quota
        case 400 where lowercased.contains("account balance") || lowercased.contains("top up"): self = .quota
        case 400 where Self.isAboutLanguage(lowercased), 422 where Self.isAboutLanguage(lowercased):
            self = .languageUnsupported
        case 408: self = .unavailable(.timeout)
        case 429: self = .rateLimited(pause: Self.pause(response.headers["retry-after"]))
        case 300..<500: self = .refused(status: response.status, text: Self.presentable(text, apiKey: apiKey))
        default: self = .unavailable(.serverError)
        }
    }

    /// Creates the error for a call without an answer.
    init(_ error: EgressError) {
        switch error {
        case .timedOut, .tooSlow: self = .unavailable(.timeout)
        case .responseTooLarge: self = .unavailable(.serverError)
        case .badURL, .unsupportedScheme, .badRequest: self = .refused(status: 0, text: error.description)
        default: self = .unavailable(.networkError)
        }
    }

    private struct Refusal: Decodable {
        let error: String
    }

    private static func isAboutLanguage(_ lowercased: String) -> Bool {
        lowercased.contains("language") && lowercased.contains("support") && !lowercased.contains("language_detection")
    }

    /// Parses `Retry-After` as seconds, whole or with a fraction, at most a day. AssemblyAI sends no dates.
    private static func pause(_ header: String?) -> Duration? {
        guard let seconds = header.flatMap(Double.init), seconds.isFinite, seconds >= 0 else { return nil }
        return .seconds(min(seconds, 86_400))
    }

    /// Returns AssemblyAI's text, fit for a log: one short line without URLs, and without the key if the text repeats it.
    static func presentable(_ text: String, apiKey: String) -> String {
        EngineRefusals.presentable(text, apiKey: apiKey)
    }
}

extension AssemblyAIError {
    /// The error for the engine's caller.
    var engineError: EngineError {
        switch self {
        case .quota: .quotaExceeded
        // The key decides who pays, so a rejected key, like an empty account, must not silently lead to another engine. Status 0: no
        // request was made at all.
        case .refused(let status, let text) where [0, 401, 403].contains(status):
            .misconfigured(Self.advice(status, text))
        case .refused(let status, let text): .refused(Self.advice(status, text))
        case .languageUnsupported: .unavailable(.languageUnsupported)
        case .missing: .unavailable(.transcriptionFailed)
        case .rateLimited: .unavailable(.rateLimited)
        case .unavailable(let reason): .unavailable(reason)
        }
    }

    private static func advice(_ status: Int, _ text: String) -> String {
        let hint =
            switch status {
            case 401, 403:
                "check VERBATIM_ASSEMBLYAI_API_KEY, and that VERBATIM_ASSEMBLYAI_URL is the host of its region"
            case 400, 422: "check VERBATIM_ASSEMBLYAI_MODELS"
            default: "check VERBATIM_ASSEMBLYAI_URL and VERBATIM_ASSEMBLYAI_API_KEY"
            }
        let answer = status == 0 ? "no request could be made" : "AssemblyAI refuses our request with HTTP \(status)"
        return answer + (text.isEmpty ? "" : " (\(text))") + "; " + hint
    }
}
