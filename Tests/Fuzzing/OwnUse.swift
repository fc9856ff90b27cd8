import Glibc

/// What this process takes of the machine.
///
/// The kernel's structures are read as the words that they are: which module their members belong to for Swift differs between configurations.
package enum OwnUse {
    /// Of this thread, of the processor.
    static func processorSeconds() -> Double {
        // A `timespec`: seconds, nanoseconds.
        let words = words(2) { clock_gettime(CLOCK_THREAD_CPUTIME_ID, $0.assumingMemoryBound(to: timespec.self)) }
        return Double(words[0]) + Double(words[1]) / 1e9
    }

    /// The most memory so far.
    package static func peakMegabytes() -> Int {
        // A `rusage`: two times of two words each, then the largest resident set in kilobytes.
        words(18) { getrusage(RUSAGE_SELF.rawValue, $0.assumingMemoryBound(to: rusage.self)) }[4] / 1_024
    }

    private static func words(_ count: Int, _ fill: (UnsafeMutableRawPointer) -> Int32) -> [Int] {
        var words = [Int](repeating: 0, count: count)
        words.withUnsafeMutableBytes { if let base = $0.baseAddress { _ = fill(base) } }
        return words
    }
}
