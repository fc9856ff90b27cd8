import Egress
import Foundation

/// Why an OpenAI-compatible server refuses a request, in whichever of their shapes it says so.
struct WhisperRefusal {
    let text: String
    /// Codes and names of parameters.
    private let codes: String

    /// Nil where it is no refusal that says why.
    init?(_ response: EgressResponse) {
        guard [400, 404, 410, 422].contains(response.status),
            let body = (try? JSONSerialization.jsonObject(with: Data(response.body))) as? [String: Any]
        else { return nil }
        // OpenAI's and vLLM's newer ones: {"error":{…}}; vLLM's older ones: flat; speaches: "detail"; whisper.cpp: "error" is the text.
        let fault = body["error"] as? [String: Any] ?? body
        codes = ["code", "param"].compactMap { fault[$0] as? String }.joined(separator: " ").lowercased()
        text = [fault["message"], body["detail"], body["error"]].lazy.compactMap { $0 as? String }.first ?? ""
    }

    /// The server does not have the model, or no longer.
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
