import Glibc

/// Descriptors 0, 1 and 2: all that the tool is connected to.
enum StandardStreams {
    /// Bytes in the regular file on standard input.
    static func inputSize() throws -> Int64 {
        guard let status = status(of: STDIN_FILENO), status.st_mode & S_IFMT == S_IFREG else {
            throw UsageError("standard input must be a regular file")
        }
        return Int64(status.st_size)
    }

    /// The sandbox sets the largest file to zero bytes: writing to a file would be death by SIGXFSZ, without a word.
    static func requirePipes() throws {
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            if let status = status(of: descriptor), status.st_mode & S_IFMT == S_IFREG {
                throw UsageError("standard output and error must not be files; use a pipe")
            }
        }
    }

    /// Writes all of it; an error here has nobody to be told to.
    static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { _ = writeAll(UnsafeRawBufferPointer($0), to: descriptor) }
    }

    /// False when the other end has gone.
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
