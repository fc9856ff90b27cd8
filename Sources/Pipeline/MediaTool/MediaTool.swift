import CAV
import Glibc

/// `verbatim-media`: probes one media file, or decodes it to PCM, inside a sandbox.
///
/// It is the only process of the product in which libav sees a stranger's bytes. It reads them from descriptor 0, which the
/// caller opened, and cannot open anything else. It returns an exit status (see `Exit`), a JSON object, and for `decode` the
/// samples on standard output.
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
            StandardStreams.write("verbatim-media: cannot set up the sandbox: \(error)\n", to: STDERR_FILENO)
            exit(Exit.noSandbox)
        } catch {
            // The reader of the output is gone, so nobody would see a message.
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

    /// Enters the sandbox and returns the input, of which no byte has been read yet.
    private static func cagedInput(_ invocation: Invocation) throws -> Input {
        try StandardStreams.requirePipes()
        let size = try StandardStreams.inputSize()
        // If `nice` fails, the tool works anyway: the limit on CPU time matters, this doesn't.
        _ = nice(invocation.niceness)
        try Sandbox.enter(cpuSeconds: invocation.cpuSeconds, keepingDescriptorsBelow: 3)
        guard size > 0 else { throw Refusal(.emptyAudio, "the file has no bytes") }
        verbatim_av_silence()
        av_max_alloc(Sandbox.largestAllocation)
        return Input(descriptor: STDIN_FILENO, size: size)
    }
}

/// The exit statuses of the tool. With the JSON, they are what the caller relies on.
enum Exit {
    /// The reader of the output closed it before the end.
    static let outputClosed: Int32 = 1
    /// The media was rejected; standard error ends with `{"error", "detail"}`.
    static let refused: Int32 = 3
    /// The command line or the standard streams are not as `--help` describes them.
    static let usage: Int32 = 64
    /// The kernel refused a required part of the sandbox. Nothing was read.
    static let noSandbox: Int32 = 70
}
