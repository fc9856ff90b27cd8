import Foundation
import Pipeline
import Settings

/// Whether everything is installed that a worker's own model server needs.
struct LocalModels: Sendable {
    let settings: NodeSettings

    private var inference: String { settings.installation.root + "/inference" }
    private static let install = "run scripts/setup or inference/install, or install the package verbatim-inference"

    func check() -> [Finding] { [runtime(), recognition(), speakers()] }

    private func runtime() -> Finding {
        for file in ["serve", ".venv/bin/python"]
        where !FileManager.default.isExecutableFile(atPath: inference + "/" + file) {
            return .fail("model server", "inference/\(file) is missing: \(Self.install), or set VERBATIM_INFERENCE_URL")
        }
        return .ok("model server", "its environment is installed; each worker starts it as a child")
    }

    private func recognition() -> Finding {
        let model = settings.whisperModel
        guard model.contains("/"), model.hasPrefix("/") || FileManager.default.fileExists(atPath: model) else {
            return .warn("whisper model", "is a name: it is fetched from the hub when a worker first starts")
        }
        guard isFile(model + "/model.bin"), isFile(model + "/config.json") else {
            return .fail("whisper model", "its folder lacks model.bin or config.json: \(Self.install)")
        }
        return .ok("whisper model", URL(fileURLWithPath: model).lastPathComponent)
    }

    private func speakers() -> Finding {
        let carried = ["segmentation-3.0.onnx", "campplus_zh_en_advanced.onnx"]
        switch settings.diarizationModel ?? "auto" {
        case "auto", "carried":
            guard carried.allSatisfy({ isFile("\(inference)/models/\($0)") }) else {
                return .fail("speaker models", "\(carried.joined(separator: " or ")) is missing: \(Self.install)")
            }
            return .ok("speaker models", "the bundled models are there")
        case "pyannote":
            guard hasPyannote else {
                return .fail(
                    "speaker models", "pyannote.audio is not installed in inference/.venv; see inference/README.md")
            }
            return .ok("speaker models", "pyannote.audio is installed")
        default:
            return .warn("speaker models", "a pipeline of your own: a worker's log tells whether it loads")
        }
    }

    private var hasPyannote: Bool {
        let libraries = inference + "/.venv/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: libraries)) ?? []
        return versions.contains {
            FileManager.default.fileExists(atPath: "\(libraries)/\($0)/site-packages/pyannote/audio")
        }
    }

    /// A regular file that is not empty.
    private func isFile(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_size > 0
    }
}
