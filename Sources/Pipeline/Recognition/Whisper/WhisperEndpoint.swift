import Foundation

/// Where an OpenAI-compatible server takes recordings.
///
/// What is accepted, `http` or `https`, with or without a slash at the end:
/// - a host or a prefix: `https://gpu.example:8000`, `https://proxy.example/speech` – `/v1/audio/transcriptions` is added;
/// - an API's root as clients name it, `…/v1` – `/audio/transcriptions` is added;
/// - the whole path: `…/audio/transcriptions`, or whisper.cpp's `…/inference` – taken as it is.
///
/// A query, which some clouds want (`?api-version=…`), stays at the end.
package struct WhisperEndpoint: Sendable, Equatable {
    package let url: String

    /// Where such a server lists its models; nil beside whisper.cpp's path, which has no list.
    package var modelsURL: String? {
        guard var parts = URLComponents(string: url), parts.percentEncodedPath.hasSuffix("/audio/transcriptions") else {
            return nil
        }
        parts.percentEncodedPath.removeLast("/audio/transcriptions".count)
        parts.percentEncodedPath += "/models"
        return parts.string
    }

    /// Nil when `text` is no such URL.
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
