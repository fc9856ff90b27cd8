import JSON
import Logging

/// Builds one JSON object on one line out of strings and log metadata.
struct JSONLine {
    private var members: [(name: String, value: Logger.MetadataValue)] = []

    mutating func add(_ name: String, _ value: String) { add(name, .string(value)) }

    mutating func add(_ name: String, _ value: Logger.MetadataValue) { members.append((name, value)) }

    /// The line with its end.
    consuming func finish() -> [UInt8] {
        var json = JSONWriter(capacity: 256, endsNoLine: true)
        Self.write(members, to: &json)
        return json.bytes + [UInt8(ascii: "\n")]
    }

    private static func write(
        _ members: some Sequence<(name: String, value: Logger.MetadataValue)>, to json: inout JSONWriter
    ) {
        json.object { json in
            for member in members {
                json.key(escaping: member.name)
                write(member.value, to: &json)
            }
        }
    }

    private static func write(_ value: Logger.MetadataValue, to json: inout JSONWriter) {
        switch value {
        case .string(let text): json.string(text)
        case .stringConvertible(let value as any FixedWidthInteger): json.raw("\(value)")
        case .stringConvertible(let value as Double) where value.isFinite: json.raw(value.description)
        case .stringConvertible(let value): json.string(value.description)
        case .array(let values): json.array(values) { json, value in write(value, to: &json) }
        case .dictionary(let values):
            write(values.sorted { $0.key < $1.key }.lazy.map { (name: $0.key, value: $0.value) }, to: &json)
        }
    }
}
