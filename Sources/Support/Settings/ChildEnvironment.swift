import Foundation

/// Which environment variables child processes get: for each kind those that it needs, and no others. Whatever else an operator exports, such
/// as cloud keys, is not passed on.
package enum ChildEnvironment: Sendable {
    /// The model server: where its libraries, GPUs, caches and the model hub are, and how many threads it may use.
    case modelServer
    /// `verbatim-media` gets nothing.
    case mediaTool
    /// yt-dlp, with `home` as its home folder and a `PATH` without any programs.
    case pages(home: String)
    /// The process that runs sites' JavaScript gets only `LANG`.
    case solver
    /// The installer of yt-dlp, which needs pip's settings.
    case installer

    /// Returns the child's variables.
    ///
    /// - Parameter own: the variables of this process.
    package func variables(of own: [String: String] = ProcessInfo.processInfo.environment) -> [String: String] {
        own.filter { isPassed($0.key) }.merging(fixed) { $1 }
    }

    private func isPassed(_ name: String) -> Bool {
        names.contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
    }

    private static let place = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME"]
    private static let certificates = ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"]
    private static let proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap {
        [$0, $0.lowercased()]
    }

    /// The variables that are passed on if they are set. `*` at the end matches anything.
    private var names: [String] {
        switch self {
        case .modelServer:
            Self.place + Self.certificates + Self.proxies + [
                "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "HF_*", "CUDA_*", "NVIDIA_*", "CT2_*", "ORT_*", "TORCH_*",
                "PYTORCH_*",
                "OMP_*", "KMP_*", "GOMP_*", "MKL_*", "OPENBLAS_*", "MALLOC_*",
            ]
        case .mediaTool, .solver: []
        case .pages: ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        case .installer: Self.place + Self.certificates + Self.proxies + ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "PIP_*"]
        }
    }

    private var fixed: [String: String] {
        switch self {
        case .pages(let home):
            [
                "HOME": home, "TMPDIR": home, "PATH": "/nonexistent", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1",
            ]
        case .solver: ["LANG": "C.UTF-8"]
        case .modelServer, .mediaTool, .installer: [:]
        }
    }
}
