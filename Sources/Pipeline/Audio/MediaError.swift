/// Why a file could not be probed or decoded.
package enum MediaError: Error, Equatable {
    /// The file is at fault: the API answers 415. `detail` is a short text of our own, never content of the file.
    case invalidAudio(InvalidAudioReason, detail: String)
    /// The tool wrote nothing for longer than the time-out, and was killed.
    case timedOut
    /// Too many probes are waiting, or the machine has no descriptors, memory or processes left. It may work later.
    case overloaded
    /// The tenant has as many files in line as it may have; the rest is for others.
    case lineShareExhausted
    /// The tool was stopped from outside: by a shutdown, or by a kernel short of memory. This says nothing about the file.
    case interrupted
    /// Our fault: the tool could not be run, or gave an unexpected answer.
    case toolFailed(String)
}

extension MediaError {
    /// Whether the file was never probed, so that the error says nothing about it.
    package var isCongestion: Bool { self == .overloaded || self == .lineShareExhausted }
}
