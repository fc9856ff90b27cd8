/// Where people talk at the same time: when the next of them begins.
struct CueInterruptions {
    /// In order; milliseconds.
    private let starts: [Int64]

    /// - Parameter runs: of all speakers. A run never interrupts itself, and one speaker's runs follow one another.
    init(_ runs: [CueRun]) { starts = runs.compactMap(\.pieces.first?.start).sorted() }

    /// The first time after `time` at which a run begins; nil when none does.
    func next(after time: Int64) -> Int64? {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] > time { high = middle } else { low = middle + 1 }
        }
        return low < starts.count ? starts[low] : nil
    }
}
