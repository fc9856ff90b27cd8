/// Reads a JSON text that is an object, member by member, and keeps how each was written.
///
/// Other decoders change numbers and spacing, but customers must get back what they sent.
package struct JSONObjectReader {
    package struct Member: Sendable, Equatable {
        /// The name, unescaped.
        package let name: String
        package let value: JSONReader.Value
        /// The name with its quotes, and the value, as in the text.
        package let nameSource, valueSource: String
    }

    private var reader: JSONReader
    private var hasBegun = false
    /// The name of the member that is being read, as in the text.
    package private(set) var member: String?

    package init(_ reader: JSONReader) { self.reader = reader }

    /// Returns the next member; nil at the end of the text.
    package mutating func next() throws(JSONReader.Fault) -> Member? {
        let isFirst = !hasBegun
        hasBegun = true
        member = nil
        if isFirst {
            guard try reader.open("{") else { throw .malformed }
        }
        if reader.close("}") {
            try reader.end()
            return nil
        }
        guard isFirst || reader.take(",") else { throw .malformed }
        let (name, nameSource) = try sourced { reader throws(JSONReader.Fault) in try reader.string() }
        member = String(nameSource.dropFirst().dropLast())
        guard reader.take(":") else { throw .malformed }
        let (value, valueSource) = try sourced { reader throws(JSONReader.Fault) in try reader.value() }
        return Member(name: name, value: value, nameSource: nameSource, valueSource: valueSource)
    }

    /// Why a text was rejected, and in which member of its object. The name is as in the text.
    package struct Refusal: Error, Equatable {
        package let fault: JSONReader.Fault
        package let member: String?
    }

    /// Returns all members of an object that somebody sent.
    ///
    /// - Parameter deepest: how many levels of objects and arrays are allowed.
    package static func members(of bytes: [UInt8], deepest: Int) throws(Refusal) -> [Member] {
        let text: JSONReader
        do {
            text = try JSONReader(bytes, deepest: deepest)
        } catch {
            throw Refusal(fault: error, member: nil)
        }
        var object = JSONObjectReader(text)
        var members: [Member] = []
        do {
            while let member = try object.next() { members.append(member) }
        } catch {
            throw Refusal(fault: error, member: object.member)
        }
        return members
    }

    private mutating func sourced<Part>(
        _ part: (inout JSONReader) throws(JSONReader.Fault) -> Part
    ) throws(JSONReader.Fault) -> (Part, source: String) {
        _ = reader.next()
        let start = reader.position
        let read = try part(&reader)
        return (read, reader.source(from: start))
    }
}
