/// Why a file could not be looked at or decoded.
package enum MediaError: Error, Equatable {
    /// The file's fault: the API's 415. `detail` is a few words of ours, never content of the file.
    case invalidAudio(InvalidAudioReason, detail: String)
    /// The tool was silent for longer than patience lasts, and was killed.
    case timedOut
    /// Too many probes wait already; later there may be room.
    case overloaded
    /// Somebody stopped the tool: a shutdown, or the kernel short of memory. Says nothing about the file.
    case interrupted
    /// Our fault: the tool could not be run, or broke its contract.
    case toolFailed(String)
}
