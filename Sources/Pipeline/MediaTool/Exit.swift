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
