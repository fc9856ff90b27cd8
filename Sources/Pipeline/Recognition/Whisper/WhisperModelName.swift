import Foundation

/// Converts the model names of servers to the engine names of transcripts.
package enum WhisperModelName {
    /// OpenAI's own name for Whisper. Servers with one model accept it for that model.
    package static let any = "whisper-1"

    /// Returns the engine's name for a model, or nil if nothing of the name is left.
    ///
    /// `large-v3`, `Systran/faster-whisper-large-v3` and `/models/whisper-large-v3/` are all `whisper_large_v3`; `ggml-base.en.bin` is
    /// `whisper_base_en`. A model that isn't Whisper keeps its own name (`gpt_4o_transcribe`).
    package static func engine(of model: String) -> String? {
        var folders = model.prefix(300).split(separator: "/").map(String.init)
        // In a cache of the Hugging Face hub: models--ORG--NAME/snapshots/REVISION.
        if folders.count >= 3, folders[folders.count - 2] == "snapshots" { folders.removeLast(2) }
        let name = (folders.last ?? "").lowercased().components(separatedBy: "--").last ?? ""
        let words = name.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.map(String.init)
        if words.isEmpty { return nil }
        let own = words.filter { !packaging.contains($0) }
        let isWhisper = name.contains("whisper") || own.first.map(sizes.contains) == true
        return ((isWhisper ? ["whisper"] : []) + own).joined(separator: "_")
    }

    /// Words that say how a model is packaged, or who packaged it, but not which one it is.
    private static let packaging: Set<String> = ["faster", "whisper", "ct2", "openai", "ggml", "bin"]
    private static let sizes: Set<String> = ["tiny", "base", "small", "medium", "large", "turbo", "distil"]
}
