import Hummingbird

/// Which page of a list a request asks for.
struct PageRequest<Cursor: Sendable>: Sendable {
    /// How many items it holds at most.
    let limit: Int
    /// Where the previous page ended; nil: the first page is asked for.
    let cursor: Cursor?

    /// Reads `limit` and `cursor`.
    ///
    /// - Parameters:
    ///   - standard: the limit of a request that names none.
    ///   - read: returns what a cursor stands for; nil if it is not one of ours.
    /// - Throws: `APIError`: `invalid_request` with the field.
    init(
        _ request: Request, limits: ClosedRange<Int> = 1...200, standard: Int = 50, cursor read: (String) -> Cursor?
    ) throws {
        let query = request.uri.queryParameters
        guard let limit = query["limit"].map({ Int(wholeNumber: $0) }) ?? standard, limits.contains(limit) else {
            throw APIError.invalidRequest(
                "'limit' must be a whole number from \(limits.lowerBound) to \(limits.upperBound).", field: "limit")
        }
        self.limit = limit
        // An empty cursor means the first page: clients' loops begin with it.
        guard let text = query["cursor"], !text.isEmpty else {
            cursor = nil
            return
        }
        guard let found = read(String(text)) else {
            throw APIError.invalidRequest("'cursor' must be a next_cursor of an earlier answer.", field: "cursor")
        }
        cursor = found
    }
}
