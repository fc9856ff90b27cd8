/// The body of `POST /v2/transcript`, as far as the simulator looks at it.
package struct SimulatedSubmission: Decodable, Sendable {
    package let audio_url: String?
    package let speech_models: [String]?
    package let speech_model: String?
    package let language_code: String?
    package let language_detection: Bool?
    package let keyterms_prompt: [String]?
    package let punctuate: Bool?
    package let format_text: Bool?
}
