import Glibc

/// Descriptors 0, 1 and 2: the tool's only connections to the outside.
enum StandardStreams {
    /// Returns the size of the file on standard input, in bytes.
    ///
    /// - Throws: `UsageError` if it isn't a regular file.
    static func inputSize() throws -> Int64 {
        guard let status = status(of: STDIN_FILENO), status.st_mode & S_IFMT == S_IFREG else {
            throw UsageError("standard input must be a regular file")
        }
        return Int64(status.st_size)
    }

    /// Throws a `UsageError` if standard output or error is a file. The sandbox limits files to zero bytes, so writing to one would kill
    /// the tool with SIGXFSZ and no message.
    static func requirePipes() throws {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            if let status = status(of: descriptor), status.st_mode & S_IFMT == S_IFREG {
                throw UsageError("standard output and error must not be files; use a pipe")
            }
        }
    }

    /// Writes the whole text. Ignores errors, because nobody is left to report them to.
    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { _ = writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    /// Writes all bytes. Returns false if the reader is gone.
    static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if written < 0, errno != EINTR {
                return false
            }
        }
        return true
    }

    private static func status(of descriptor: Int32) -> stat? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status : nil
    }
}
