import Foundation

/// What transcripts call the model that a server names.
package enum WhisperModelName {
    /// What servers with one model take for it, and OpenAI's own name for Whisper.
    package static let any = "whisper-1"

    /// `large-v3`, `Systran/faster-whisper-large-v3` and `/models/whisper-large-v3/` are all `whisper_large_v3`; `ggml-base.en.bin` is
    /// `whisper_base_en`, and what is no Whisper keeps its own name (`gpt_4o_transcribe`). Nil when nothing of the name is left.
    package static func engine(of model: String) -> String? {
        var folders = model.prefix(300).split(separator: "/").map(String.init)
        // In the hub's cache: models--ORG--NAME/snapshots/REVISION.
        if folders.count >= 3, folders[folders.count - 2] == "snapshots" { folders.removeLast(2) }
        let name = (folders.last ?? "").lowercased().components(separatedBy: "--").last ?? ""
        let words = name.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.map(String.init)
        if words.isEmpty { return nil }
        let own = words.filter { !packaging.contains($0) }
        let isWhisper = name.contains("whisper") || own.first.map(sizes.contains) == true
        return ((isWhisper ? ["whisper"] : []) + own).joined(separator: "_")
    }

    /// Says how a model is packed or who packed it, not which it is.
    private static let packaging: Set<String> = ["faster", "whisper", "ct2", "openai", "ggml", "bin"]
    private static let sizes: Set<String> = ["tiny", "base", "small", "medium", "large", "turbo", "distil"]
}
