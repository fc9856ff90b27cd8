import Egress
import Foundation

/// Why an OpenAI-compatible server rejects a request. It knows the error formats of several servers.
struct WhisperRefusal {
    let text: String
    /// The error's code and the parameter's name, in lower case.
    private let codes: String

    /// Returns nil if the answer isn't a rejection, or has no JSON body.
    init?(_ response: EgressResponse) {
        guard [400, 404, 410, 422].contains(response.status),
            let body = (try? JSONSerialization.jsonObject(with: Data(response.body))) as? [String: Any]
        else { return nil }
        // OpenAI and newer vLLM: {"error":{…}}; older vLLM: the same, flat; speaches: "detail"; whisper.cpp: "error" is the text.
        let fault = body["error"] as? [String: Any] ?? body
        codes = ["code", "param"].compactMap { fault[$0] as? String }.joined(separator: " ").lowercased()
        text = [fault["message"], body["detail"], body["error"]].lazy.compactMap { $0 as? String }.first ?? ""
    }

    /// Whether the server doesn't have the model, or no longer has it.
    var isAboutTheModel: Bool {
        if codes.contains("model") { return true }
        let lowercased = text.lowercased()
        return lowercased.contains("model") && !lowercased.contains("language")
            && Self.phrases.contains { lowercased.contains($0) }
    }

    private static let phrases = [
        "not found", "not exist", "not installed", "not available", "no longer", "unknown model", "no such",
        "deprecated",
        "decommissioned", "retired",
    ]
}
