import Foundation

extension StoredTranscript {
    package func decoded() throws -> Transcript {
        try JSONDecoder().decode(Transcript.self, from: Data(body))
    }
}
