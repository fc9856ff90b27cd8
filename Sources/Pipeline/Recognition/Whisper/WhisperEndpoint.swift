import Foundation

/// The URL at which an OpenAI-compatible server transcribes.
///
/// Accepted are, with `http` or `https`, with or without a slash at the end:
/// - a host or a prefix: `https://gpu.example:8000`, `https://proxy.example/speech` – `/v1/audio/transcriptions` is added;
/// - an API's root as clients name it, `…/v1` – `/audio/transcriptions` is added;
/// - the whole path: `…/audio/transcriptions`, or whisper.cpp's `…/inference` – used as it is.
///
/// A query, which some clouds require (`?api-version=…`), stays at the end.
package struct WhisperEndpoint: Sendable, Equatable {
    package let url: String

    /// The URL of the server's list of models; nil for whisper.cpp's path, because it has none.
    package var modelsURL: String? {
        guard var parts = URLComponents(string: url), parts.percentEncodedPath.hasSuffix("/audio/transcriptions") else {
            return nil
        }
        parts.percentEncodedPath.removeLast("/audio/transcriptions".count)
        parts.percentEncodedPath += "/models"
        return parts.string
    }

    /// Returns nil if `text` isn't such a URL.
    package init?(_ text: String) {
        guard var parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme?.lowercased()),
            let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil, parts.fragment == nil
        else { return nil }
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        if !path.hasSuffix("/audio/transcriptions"), !path.hasSuffix("/inference") {
            path += path.hasSuffix("/v1") ? "/audio/transcriptions" : "/v1/audio/transcriptions"
        }
        parts.percentEncodedPath = path
        guard let url = parts.string else { return nil }
        self.url = url
    }
}
