import CAV
import Glibc

/// `verbatim-media`: looks at one media file, or turns it into PCM, inside a cage.
///
/// The only process of the product that lets libav see a stranger's bytes. It reads them from descriptor 0, which the
/// caller opened, and has no way to open anything else. One result leaves it: an exit status (see `Exit`), a JSON
/// object, and for `decode` the samples on standard output.
@main
struct MediaTool {
    static func main() {
        do {
            try run(Invocation(CommandLine.arguments.dropFirst()))
        } catch let refusal as Refusal {
            StandardStreams.write(refusal.json + "\n", to: STDERR_FILENO)
            exit(Exit.refused)
        } catch let error as UsageError {
            StandardStreams.write("verbatim-media: \(error.message)\nTry --help.\n", to: STDERR_FILENO)
            exit(Exit.usage)
        } catch let error as SandboxError {
            StandardStreams.write("verbatim-media: no sandbox, no work: \(error)\n", to: STDERR_FILENO)
            exit(Exit.noSandbox)
        } catch {
            // The reader of the output has gone; nobody is left to tell.
            exit(Exit.outputClosed)
        }
    }

    private static func run(_ invocation: Invocation) throws {
        switch invocation.command {
        case .help:
            StandardStreams.write(Invocation.help, to: STDOUT_FILENO)
        case .version:
            StandardStreams.write(Invocation.version, to: STDOUT_FILENO)
        case .selfCheck:
            try StandardStreams.requirePipes()
            try SelfCheck.run(cpuSeconds: invocation.cpuSeconds)
        case .probe(let decodeUpTo):
            let input = try cagedInput(invocation)
            let report = try Probe(decodeUpTo: decodeUpTo).report(on: input)
            StandardStreams.write(report.json + "\n", to: STDOUT_FILENO)
        case .decode(let channels, let maxSamples):
            let input = try cagedInput(invocation)
            let trailer = try Decode(channels: channels, maxSamples: maxSamples).run(on: input)
            StandardStreams.write(trailer.json + "\n", to: STDERR_FILENO)
        }
    }

    /// The input, of which not one byte was read before the cage was shut.
    private static func cagedInput(_ invocation: Invocation) throws -> Input {
        try StandardStreams.requirePipes()
        let size = try StandardStreams.inputSize()
        // Not without its limit on CPU time, but without this one.
        _ = nice(invocation.niceness)
        try Sandbox.enter(cpuSeconds: invocation.cpuSeconds, keepingDescriptorsBelow: 3)
        guard size > 0 else { throw Refusal(.emptyAudio, "the file has no bytes") }
        verbatim_av_silence()
        av_max_alloc(Sandbox.largestAllocation)
        return Input(descriptor: STDIN_FILENO, size: size)
    }
}

/// The exit statuses of the tool: its contract with the caller, beside JSON.
enum Exit {
    /// The output's reader went away before the end.
    static let outputClosed: Int32 = 1
    /// The media was refused; standard error ends with `{"error", "detail"}`.
    static let refused: Int32 = 3
    /// The command line or the standard streams are not what `--help` asks for.
    static let usage: Int32 = 64
    /// The kernel refused a part of the sandbox that is not optional. Nothing was read.
    static let noSandbox: Int32 = 70
}
