import Foundation

/// Reads settings from the environment and remembers every fault, so that an operator sees all of them at once.
///
/// Each `NAME` may also be given as `NAME_FILE`, the path of a file that holds the value (a secret mounted by an orchestrator).
/// A getter answers its default after a fault, and ``finish()`` throws what came together. Values never appear in a fault's text.
package final class SettingsReader {
    private let environment: [String: String]
    private var faults: [String] = []
    private var names: Set<String> = []

    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.environment = environment
    }

    /// The value of `name`, or nil when it is unset or empty.
    package func string(_ name: String) -> String? {
        names.insert(name)
        if let value = environment[name], !value.isEmpty {
            if environment[name + "_FILE"] != nil {
                report("\(name) and \(name)_FILE are both set; keep one of them")
            }
            return value
        }
        guard let path = environment[name + "_FILE"], !path.isEmpty else { return nil }
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
            report("\(name)_FILE names a file that cannot be read")
            return nil
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if text.isEmpty { report("\(name)_FILE names an empty file") }
        return text.isEmpty ? nil : text
    }

    /// The value of `name`; a fault with `hint` when it is missing.
    package func required(_ name: String, hint: String) -> String {
        if let value = string(name) { return value }
        report("\(name) is not set: \(hint)")
        return ""
    }

    /// The value of `name` as a whole number within `range`.
    package func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = string(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            report("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return value
    }

    /// The value of `name` as one of an enumeration's raw values.
    package func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, default fallback: Choice) -> Choice
    where Choice.RawValue == String {
        guard let text = string(name) else { return fallback }
        guard let value = Choice(rawValue: text.lowercased()) else {
            report("\(name) must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            return fallback
        }
        return value
    }

    /// The value of `name` as a time of whole seconds within `range`: `90`, `30s`, `90m` or `24h`. `example`: some of them, for who wrote
    /// another.
    package func seconds(
        _ name: String, default fallback: Int64, in range: ClosedRange<Int64>, example: String
    ) -> Duration {
        guard let text = string(name) else { return .seconds(fallback) }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600]
        let unit = text.last.flatMap { units[$0] }
        let (number, factor) = unit.map { (text.dropLast(), $0) } ?? (text[...], 1)
        // Bounded before it is multiplied.
        guard number.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int64(number),
            count <= range.upperBound, range.contains(count * factor)
        else {
            report("\(name) must be \(example)")
            return .seconds(fallback)
        }
        return .seconds(count * factor)
    }

    /// Remembers a fault that a caller found in a value.
    package func report(_ fault: String) {
        faults.append(fault)
    }

    /// These are settings too, though nobody asks for them under the others' values.
    package func mention(_ names: String...) { self.names.formUnion(names) }

    /// What the environment holds that looks like a setting and is none, once everything was asked for.
    package var unknown: [UnknownSetting] { UnknownSetting.all(in: environment, known: names) }

    /// Throws every fault found so far.
    package func finish() throws(SettingsError) {
        if !faults.isEmpty { throw SettingsError(faults: faults) }
    }
}

/// Everything that is wrong with the settings, one sentence a fault.
package struct SettingsError: Error, CustomStringConvertible {
    package let faults: [String]

    package var description: String {
        "The settings have \(faults.count == 1 ? "a fault" : "\(faults.count) faults"):\n"
            + faults.map { "  - \($0)" }.joined(separator: "\n")
    }
}
