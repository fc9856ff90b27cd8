import Foundation

/// What child processes get to know of this one's environment: of each kind the names that it needs, and nothing else. Whatever an
/// operator exports besides, keys of a cloud among it, stays here.
package enum ChildEnvironment: Sendable {
    /// The model server: where its libraries, graphics cards, caches and the hub of models are, and how many threads it may use.
    case modelServer
    /// `verbatim-media`: nothing at all.
    case mediaTool
    /// yt-dlp, with that folder as its home. No program is to be found.
    case pages(home: String)
    /// What runs sites' JavaScript: nothing but how text is written.
    case solver
    /// What installs yt-dlp: where pip's registry is.
    case installer

    /// - Parameter own: this process's.
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

    /// Those that are handed on where they are set. A star stands for any rest.
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
