/// What is wrong with a multipart body, in words that a customer can act on.
package enum MultipartError: Error, Equatable {
    case noBoundary
    case invalidBoundary
    case truncated
    case headersTooLarge(limitBytes: Int)
    case malformedHeaders
    case noName
    case tooManyParts(limit: Int)
    case encodedPart

    package var message: String {
        switch self {
        case .noBoundary: "The Content-Type has no boundary parameter, and the body does not begin with a boundary."
        case .invalidBoundary: "The boundary has to have 1 to 70 of the characters that RFC 2046 allows."
        case .truncated: "The body ends before its closing boundary."
        case .headersTooLarge(let limit): "A part's headers are larger than \(limit) bytes."
        case .malformedHeaders: "A part's headers cannot be read."
        case .noName: "A part has no Content-Disposition: form-data with a name."
        case .tooManyParts(let limit): "The body has more than \(limit) parts."
        case .encodedPart: "A part has a Content-Transfer-Encoding; send its bytes as they are."
        }
    }
}
