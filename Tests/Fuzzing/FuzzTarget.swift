/// A parser of strangers' bytes, with what must hold for every input.
package protocol FuzzTarget: Sendable {
    /// Valid and nearly valid inputs, from which others are made.
    var seeds: [[UInt8]] { get }
    /// Words that the parser looks for.
    var dictionary: [String] { get }
    /// In bytes. Longer inputs are cut.
    var longest: Int { get }

    /// Parses the input, and checks the answer. Throws ``FuzzFinding`` if something does not hold.
    ///
    /// - Returns: what the input led to, in a few words. The first input with a new answer is kept, and others are made from it.
    func check(_ input: [UInt8]) async throws -> String
}

/// What must not happen has happened.
package struct FuzzFinding: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Throws ``FuzzFinding`` unless the condition holds.
func require(_ condition: Bool, _ description: @autoclosure () -> String) throws {
    if !condition { throw FuzzFinding(description()) }
}
