extension WhisperAnswer: Decodable {
    private enum CodingKeys: String, CodingKey {
        case segments, text, words, model
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let segments = try values.decodeIfPresent([Segment].self, forKey: .segments)
        let text = try values.decodeIfPresent(String.self, forKey: .text)
        guard segments != nil || text != nil else {
            // An error in the clothes of a success must not become an empty transcript.
            throw DecodingError.dataCorruptedError(
                forKey: .text, in: values, debugDescription: "neither segments nor text")
        }
        self.segments = segments ?? []
        self.text = text ?? ""
        words = try values.decodeIfPresent([Word].self, forKey: .words) ?? []
        model = values.lenientText(.model)
    }
}

extension WhisperAnswer.Segment: Decodable {
    private enum CodingKeys: String, CodingKey {
        case start, end, text, words, temperature
        case averageLogProbability = "avg_logprob"
        case noSpeechProbability = "no_speech_prob"
        case compressionRatio = "compression_ratio"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        start = values.lenientNumber(.start)
        end = values.lenientNumber(.end)
        text = values.lenientText(.text) ?? ""
        averageLogProbability = values.lenientNumber(.averageLogProbability)
        noSpeechProbability = values.lenientNumber(.noSpeechProbability)
        compressionRatio = values.lenientNumber(.compressionRatio)
        temperature = values.lenientNumber(.temperature)
        words = try values.decodeIfPresent([WhisperAnswer.Word].self, forKey: .words) ?? []
    }
}

extension WhisperAnswer.Word: Decodable {
    private enum CodingKeys: String, CodingKey {
        case word, text, start, end, probability
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        text = values.lenientText(.word) ?? values.lenientText(.text) ?? ""
        start = values.lenientNumber(.start) ?? 0
        end = values.lenientNumber(.end) ?? start
        probability = values.lenientNumber(.probability).map { min(max(0, $0), 1) }
    }
}

extension KeyedDecodingContainer {
    /// A finite number, or a text that is one; nil for anything else.
    fileprivate func lenientNumber(_ key: Key) -> Double? {
        let number =
            (try? decode(Double.self, forKey: key)) ?? (try? decode(String.self, forKey: key)).flatMap(Double.init)
        return number.flatMap { $0.isFinite ? $0 : nil }
    }

    fileprivate func lenientText(_ key: Key) -> String? { try? decode(String.self, forKey: key) }
}
