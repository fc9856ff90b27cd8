/// Why a file could not be looked at or decoded.
package enum MediaError: Error, Equatable {
    /// The file's fault: the API's 415. `detail` is a few words of ours, never content of the file.
    case invalidAudio(InvalidAudioReason, detail: String)
    /// The tool was silent for longer than time-out lasts, and was killed.
    case timedOut
    /// Too many probes wait already, or the machine has no descriptors, memory or processes left for one; later there may be room.
    case overloaded
    /// As many of the tenant's own files wait already as may, so that others find room in the line.
    case lineShareExhausted
    /// Somebody stopped the tool: a shutdown, or the kernel short of memory. Says nothing about the file.
    case interrupted
    /// Our fault: the tool could not be run, or broke its contract.
    case toolFailed(String)
}

extension MediaError {
    /// Says nothing about the file: it was never looked at.
    package var isCongestion: Bool { self == .overloaded || self == .lineShareExhausted }
}
