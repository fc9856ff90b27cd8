import Egress
import Foundation

/// Why a call to AssemblyAI did not succeed, as far as it makes a difference.
///
/// What is told by words is recognized by words: there is no status of their own for an account without balance.
enum AssemblyAIError: Error, Equatable {
    /// The account has no balance left.
    case quota
    /// Our key, our models, our request or our URL is refused: the operator's to mend. The text names no secret and no URL.
    case refused(status: Int, text: String)
    /// None of the models asked for knows the recording's language.
    case languageUnsupported
    /// There is no such transcript.
    case missing
    /// Too many requests; `pause` is what the answer asks for.
    case rateLimited(pause: Duration?)
    /// It may work later.
    case unavailable(FallbackReason)

    /// An answer other than 2xx.
    init(_ response: EgressResponse, apiKey: String) {
        // Proxies in between answer with pages: those are judged by their status alone.
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

    /// No answer.
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

    /// Whole or broken seconds; dates are not what they send.
    private static func pause(_ header: String?) -> Duration? {
        guard let seconds = header.flatMap(Double.init), seconds.isFinite, seconds >= 0 else { return nil }
        return .seconds(min(seconds, 86_400))
    }

    /// Their text, fit for a log: one line, short, without URLs, and without the key should they repeat it.
    static func presentable(_ text: String, apiKey: String) -> String {
        EngineRefusals.presentable(text, apiKey: apiKey)
    }
}

extension AssemblyAIError {
    /// What the caller of the engine is told.
    var engineError: EngineError {
        switch self {
        case .quota: .quotaExceeded
        // The key says who pays: what is wrong with it is as little another engine's as an empty account. With a status of 0 there was no
        // request at all.
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
