/// A whole upload in the spool. It is removed, unless it was moved away, when the last copy of this value goes.
package struct SpooledFile: Sendable {
    private let file: SpoolFile
    /// Its size in bytes.
    package let bytes: Int64
    /// What the customer called it, made fit for display: never a path.
    package let originalName: String

    init(file: SpoolFile, bytes: Int64, originalName: String) {
        self.file = file
        self.bytes = bytes
        self.originalName = originalName
    }

    /// Where it is now, absolute if the spool's path was. Open it, or rename it away, while this value is held.
    package var path: String { file.path }
}
