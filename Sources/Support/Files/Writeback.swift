import CProcess

/// What the kernel holds of a file in memory, and has not written to the disk yet.
package enum Writeback {
    /// Has the disk begin to write `range` of a file, in bytes, without waiting for its end. A flush that follows has less to wait for.
    /// It promises nothing: on a file system that cannot do it, nothing happens.
    package static func begin(_ range: Range<Int64>, of descriptor: Int32) {
        verbatim_begin_writeback(descriptor, range.lowerBound, Int64(range.count))
    }
}
