/// The pipeline's unit of time: samples of the decoded 16 kHz signal.
package enum Samples {
    package static let perSecond: Int64 = 16_000
    static let bytesEach = 2

    /// Whole milliseconds, rounded down.
    package static func milliseconds(_ samples: Int64) -> Int64 { samples / 16 }

    /// Whole seconds, rounded up, as they are billed.
    package static func billedSeconds(_ samples: Int64) -> Int64 { (samples + perSecond - 1) / perSecond }

    package static func from(milliseconds: Int64) -> Int64 { milliseconds * 16 }
}
