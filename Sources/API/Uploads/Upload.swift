/// What a multipart upload held.
package struct Upload: Sendable {
    /// The text fields by name, each given once.
    package let fields: [String: String]
    package let file: SpooledFile
}
