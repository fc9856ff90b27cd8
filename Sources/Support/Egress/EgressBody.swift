// The body of a request. Files are read in blocks while they are sent. After a redirect or on a new connection, they may be read
// again from the start, so they must not change meanwhile.

package enum EgressBody: Sendable {
    case none
    case bytes([UInt8])
    /// Offset and length are in bytes. The file must be regular, and at least that long.
    case file(path: String, offset: Int64, length: Int64)
    /// Sent as `multipart/form-data`, in this order.
    case multipart([EgressPart])
}

package struct EgressPart: Sendable {
    package enum Content: Sendable {
        case bytes([UInt8])
        case file(path: String, offset: Int64, length: Int64)
    }

    package var name: String
    package var filename: String?
    package var contentType: String?
    package var content: Content

    package init(name: String, filename: String? = nil, contentType: String? = nil, content: Content) {
        self.name = name
        self.filename = filename
        self.contentType = contentType
        self.content = content
    }

    /// A plain form field.
    package init(name: String, value: String) {
        self.init(name: name, content: .bytes(Array(value.utf8)))
    }
}
