// The JSON that customers get. Its names, order and units are part of the API.

import JSON

extension Transcript {
    /// - Parameters:
    ///   - paragraphs: as other formats have them; without speakers, if these are not shown.
    ///   - named: the speakers' ids, with their names if these are shown.
    ///   - revision: 0: it is not written.
    func json(paragraphs: [Paragraph], speakers named: [NamedSpeaker], revision: Int) -> [UInt8] {
        let words = segments.reduce(0) { $0 + $1.words.count }
        var writer = JSONWriter(capacity: 1_024 + segments.count * 384 + words * 104)
        writer.object { json in
            json.key("job_id")
            json.string(jobID)
            json.key("language")
            json.string(language)
            json.key("language_confidence")
            json.share(languageConfidence)
            json.key("duration_seconds")
            json.seconds(durationMilliseconds)
            json.key("engine")
            json.string(engine)
            if let fallback {
                json.key("fallback")
                fallback.write(to: &json)
            }
            json.key("model")
            json.string(model)
            if revision > 0 {
                json.key("revision")
                json.integer(revision)
            }
            json.key("diarization")
            json.string(diarization)
            json.key("speakers")
            json.array(named) { json, speaker in
                json.object { json in
                    json.key("id")
                    json.string(speaker.id)
                    if let name = speaker.name {
                        json.key("name")
                        json.string(name)
                    }
                }
            }
            if let voices {
                json.key("turns")
                json.array(voices) { json, turn in turn.write(to: &json) }
            }
            json.key("segments")
            json.array(segments) { json, segment in segment.write(to: &json) }
            json.key("paragraphs")
            json.array(paragraphs) { json, paragraph in
                paragraph.write(to: &json, namingSpeaker: !named.isEmpty)
            }
            if let removed, !removed.isEmpty {
                json.key("removed")
                json.array(removed) { json, part in part.write(to: &json) }
            }
            if let counts = maskCounts {
                json.key("redacted")
                json.object { json in
                    for (kind, count) in counts {
                        json.key(escaping: kind.rawValue)
                        json.integer(count)
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension Transcript {
    /// Returns some of the segments as a JSON array. Each has its place as `segment`.
    func json(ofSegments places: [Int]) -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + places.count * 2_048)
        writer.array(places) { json, place in segments[place].write(to: &json, place: place) }
        return writer.bytes
    }
}

extension Paragraph {
    fileprivate func write(to json: inout JSONWriter, namingSpeaker isNaming: Bool) {
        json.object { json in
            json.key("speaker")
            json.string(isNaming ? speaker : nil)
            json.key("start")
            json.seconds(start)
            json.key("end")
            json.seconds(end)
            json.key("text")
            json.string(text)
            json.key("first_segment")
            json.integer(segments.lowerBound)
            json.key("last_segment")
            json.integer(segments.upperBound)
        }
    }
}

extension Transcript.SpeakerTurn {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("speaker")
            json.string(speaker)
            json.key("start")
            json.seconds(start)
            json.key("end")
            json.seconds(end)
        }
    }
}

extension Transcript.Removed {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("start")
            json.seconds(start)
            json.key("end")
            json.seconds(end)
            json.key("words")
            json.integer(words)
            json.key("reason")
            json.string(reason.rawValue)
        }
    }
}

extension Transcript.Fallback {
    fileprivate func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("from")
            json.string(from)
            json.key("reason")
            json.string(reason)
            json.key("chunks")
            json.integer(chunks)
        }
    }
}

extension Transcript.Segment {
    fileprivate func write(to json: inout JSONWriter, place: Int? = nil) {
        json.object { json in
            if let place {
                json.key("segment")
                json.integer(place)
            }
            json.key("speaker")
            json.string(speaker)
            json.key("speaker_confidence")
            json.share(speakerConfidence)
            json.key("start")
            json.seconds(start)
            json.key("end")
            json.seconds(end)
            json.key("text")
            json.string(text)
            json.key("confidence")
            json.share(confidence)
            if let engine {
                json.key("engine")
                json.string(engine)
            }
            if let language {
                json.key("language")
                json.string(language)
            }
            json.key("words")
            json.array(words) { json, word in word.write(to: &json, segmentSpeaker: speaker) }
        }
    }
}

extension Transcript.Word {
    fileprivate func write(to json: inout JSONWriter, segmentSpeaker: String?) {
        json.object { json in
            json.key("text")
            json.string(text)
            json.key("start")
            json.seconds(start)
            json.key("end")
            json.seconds(end)
            json.key("confidence")
            json.share(confidence)
            json.key("speaker")
            json.string(speaker ?? segmentSpeaker)
        }
    }
}
