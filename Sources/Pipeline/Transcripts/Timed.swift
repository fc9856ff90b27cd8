/// Something with a start and an end, in milliseconds.
package protocol Timed {
    var start: Int64 { get set }
    var end: Int64 { get set }
}

extension Timed {
    mutating func shift(by offset: Int64) {
        start += offset
        end += offset
    }
}

extension Transcript.Segment: Timed {}
extension Transcript.Word: Timed {}
