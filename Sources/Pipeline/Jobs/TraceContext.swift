import Postgres

/// The trace that a piece of work belongs to, as W3C Trace Context (version 00) has it: what customers, this service, its engines and the
/// receivers of its webhooks record of one job can be found by one id.
///
/// A caller may bring it in the header field `traceparent`; else a job begins a trace of its own. `tracestate` is not passed on: it may hold
/// anything, and goes to others than those whom it was meant for.
package struct TraceContext: Sendable, Hashable {
    package static let headerName = "traceparent"

    /// 32 digits of base 16.
    package let traceID: String
    /// The caller's part of the trace: 16 digits of base 16.
    private let parentID: String
    /// Two digits of base 16. `01`: the caller records this trace.
    private let flags: String

    /// The trace of the work that this task does.
    @TaskLocal package static var current: TraceContext?

    /// A new trace. It is marked as recorded: programs that follow such a mark would otherwise drop what they know of it.
    package init() {
        self.init(traceID: Self.random(digits: 32), parentID: Self.random(digits: 16), flags: "01")
    }

    private init(traceID: String, parentID: String, flags: String) {
        self.traceID = traceID
        self.parentID = parentID
        self.flags = flags
    }

    /// The trace that a header field names; nil if it names none, whatever else it says.
    package init?(header: String) {
        let bytes = Array(header.utf8)
        guard bytes.count >= 55, [2, 35, 52].allSatisfy({ bytes[$0] == UInt8(ascii: "-") }) else { return nil }
        // A later version may append fields.
        let (version, rest) = (bytes[..<2], bytes[55...])
        guard version.allSatisfy(Self.isDigit), !version.elementsEqual("ff".utf8) else { return nil }
        guard rest.isEmpty || !version.elementsEqual("00".utf8) && rest.first == UInt8(ascii: "-") else { return nil }
        let parts = [bytes[3..<35], bytes[36..<52], bytes[53..<55]]
        guard parts.allSatisfy({ $0.allSatisfy(Self.isDigit) }) else { return nil }
        // Zeros name nothing.
        guard parts[..<2].allSatisfy({ $0.contains { $0 != UInt8(ascii: "0") } }) else { return nil }
        let texts = parts.map { String(decoding: $0, as: UTF8.self) }
        self.init(traceID: texts[0], parentID: texts[1], flags: texts[2])
    }

    /// As a header field, and as the database stores it.
    package var header: String { "00-\(traceID)-\(parentID)-\(flags)" }

    /// The same trace for a call to somebody else, with an id of its own for the call.
    package var call: TraceContext {
        TraceContext(traceID: traceID, parentID: Self.random(digits: 16), flags: flags)
    }

    /// The header field for a call to somebody else as part of this task's work; none outside of a trace.
    package static var callHeaders: [(name: String, value: String)] {
        current.map { [(name: headerName, value: $0.call.header)] } ?? []
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    /// Digits of base 16, not all of them zero.
    private static func random(digits: Int) -> String {
        let alphabet = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for _ in 0..<(digits / 16) {
            let number = UInt64.random(in: 1 ... .max)
            for shift in stride(from: 60, through: 0, by: -4) { text.append(alphabet[Int(number >> shift & 15)]) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
