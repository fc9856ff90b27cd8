import CAV

/// When the source begins, on its file's own clock, which may have run for hours by then.
extension Demuxer {
    private static let longestWait = 36_000.0

    static func streams(of context: UnsafeMutablePointer<AVFormatContext>) -> [UnsafeMutablePointer<AVStream>] {
        (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
    }

    /// Moving pictures: a cover is not when anything begins.
    static func isFilm(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        stream.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO
            && stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
    }

    /// The earliest start of the sound and the film; subtitles and data keep other times. A film that begins longer before the sound than
    /// any plan takes has another clock. Nil when no stream says.
    static func origin(of context: UnsafeMutablePointer<AVFormatContext>) -> Double? {
        let streams = streams(of: context)
        let sounds = streams.filter { $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO }.compactMap(start)
        let films = streams.filter(isFilm).compactMap(start)
        guard let first = sounds.min() else { return films.min() }
        return films.filter { $0 < first && first - $0 <= longestWait }.min() ?? first
    }

    static func start(of stream: UnsafeMutablePointer<AVStream>) -> Double? {
        seconds(stream.pointee.start_time, stream.pointee.time_base)
    }

    static func seconds(_ timestamp: Int64, _ base: AVRational) -> Double? {
        guard timestamp != verbatim_av_no_timestamp, base.num > 0, base.den > 0 else { return nil }
        return Double(timestamp) * Double(base.num) / Double(base.den)
    }
}
