/// The command line. It is parsed by hand: the tool starts for every file, and an argument parser would double its start-up time.
struct Invocation {
    enum Command {
        case help
        case version
        case selfCheck
        /// `decodeUpTo`: a file whose container states at most this many seconds is decoded completely.
        case probe(decodeUpTo: Double)
        case decode(channels: Int, maxSamples: Int64)
    }

    var command: Command
    /// The kernel kills the process after this much CPU time.
    var cpuSeconds: UInt64
    /// The process's niceness, from 0 to 19.
    var niceness: Int32 = 0

    /// The same as `Version` of the other executables, whose modules this tool doesn't link. A test compares them.
    static let version = "verbatim-media 0.1.0-unreleased\n"

    static let help = """
        Usage: verbatim-media probe  [--decode-up-to SECONDS] [--cpu-seconds N] < FILE | cat
               verbatim-media decode [--layout mono|stereo] [--max-samples N] [--cpu-seconds N] [--nice N] < FILE | ...
               verbatim-media --self-check | --version | --help

        Reads one media file from standard input, which must be a regular file, in a sandbox that can open nothing
        else. Standard output and error must not be files: the sandbox forbids writing to them.

          probe         Prints one JSON object: container, codec, durations, whether the file is silent. A file whose
                        container states at most SECONDS (default \(Probe.wholeSeconds)) is decoded completely; of a longer one,
                        the first 30 s.
          decode        Writes 16 kHz signed 16-bit little-endian samples to standard output (interleaved if stereo), and
                        a JSON object as the last line of standard error. Stops after N samples per channel.
          --self-check  Prints one JSON object: what the sandbox refuses on this machine.

        Exit status: 0 success, 1 standard output was closed by its reader, 3 media rejected (JSON on standard error),
        64 wrong usage, 70 the sandbox could not be set up.

        """

    init(_ arguments: some Collection<String>) throws {
        var words = Array(arguments)
        guard let verb = words.first else { throw UsageError("a command is missing") }
        words.removeFirst()
        switch verb {
        case "--help", "-h":
            self.init(command: .help, cpuSeconds: 1)
        case "--version":
            self.init(command: .version, cpuSeconds: 1)
        case "--self-check":
            self.init(command: .selfCheck, cpuSeconds: 10)
        case "probe":
            let options = try Options(words, allowed: ["--decode-up-to", "--cpu-seconds"])
            self.init(
                command: .probe(
                    decodeUpTo: Double(try options.number("--decode-up-to", in: 1...86_400) ?? Probe.wholeSeconds)),
                cpuSeconds: UInt64(try options.number("--cpu-seconds", in: 1...86_400) ?? 60))
        case "decode":
            let options = try Options(words, allowed: ["--layout", "--max-samples", "--cpu-seconds", "--nice"])
            self.init(
                command: .decode(
                    channels: try options.channels(),
                    maxSamples: try options.number("--max-samples", in: 1...(1 << 40)) ?? .max),
                cpuSeconds: UInt64(try options.number("--cpu-seconds", in: 1...86_400) ?? 1800),
                niceness: Int32(try options.number("--nice", in: 0...19) ?? 0))
        default:
            throw UsageError("unknown command")
        }
    }

    private init(command: Command, cpuSeconds: UInt64, niceness: Int32 = 0) {
        self.niceness = niceness
        self.command = command
        self.cpuSeconds = cpuSeconds
    }
}

/// A wrong command line, or a standard stream that the tool cannot work with.
struct UsageError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// `--name value` pairs.
private struct Options {
    private var values: [String: String] = [:]

    init(_ words: [String], allowed: Set<String>) throws {
        var rest = words[...]
        while let name = rest.popFirst() {
            guard allowed.contains(name) else { throw UsageError("unknown option") }
            guard let value = rest.popFirst() else { throw UsageError("\(name) needs a value") }
            guard values.updateValue(value, forKey: name) == nil else { throw UsageError("\(name) is given twice") }
        }
    }

    func number(_ name: String, in range: ClosedRange<Int64>) throws -> Int64? {
        guard let text = values[name] else { return nil }
        guard let number = Int64(text), range.contains(number) else {
            throw UsageError("\(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func channels() throws -> Int {
        switch values["--layout"] ?? "mono" {
        case "mono": 1
        case "stereo": 2
        default: throw UsageError("--layout takes mono or stereo")
        }
    }
}
