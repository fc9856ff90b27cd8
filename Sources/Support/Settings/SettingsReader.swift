import Foundation

/// Reads settings from the environment and collects all errors, so that an operator sees them together.
///
/// Each `NAME` may also be given as `NAME_FILE`, the path of a file with the value (a secret mounted by an orchestrator). After an error, a
/// getter returns its default. ``finish()`` throws the collected errors. Their texts never contain values.
package final class SettingsReader {
    private let environment: [String: String]
    private var faults: [String] = []
    private var names: Set<String> = []

    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.environment = environment
    }

    /// Returns the value of `name`, or nil if it is unset or empty.
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

    /// Returns the value of `name`. Reports an error with `hint` if it is missing.
    package func required(_ name: String, hint: String) -> String {
        if let value = string(name) { return value }
        report("\(name) is not set: \(hint)")
        return ""
    }

    /// Returns the value of `name` as a whole number within `range`.
    package func integer(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
        guard let text = string(name) else { return fallback }
        guard let value = Int(text), range.contains(value) else {
            report("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return fallback
        }
        return value
    }

    /// Returns the value of `name` as one of an enumeration's raw values, in upper or lower case.
    package func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, default fallback: Choice) -> Choice
    where Choice.RawValue == String {
        guard let text = string(name) else { return fallback }
        guard let value = Choice(rawValue: text.lowercased()) else {
            report("\(name) must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
            return fallback
        }
        return value
    }

    /// Returns the value of `name` as a duration: `90`, `30s`, `90m` or `24h`.
    ///
    /// - Parameters:
    ///   - fallback: seconds, if it is unset.
    ///   - range: whole seconds.
    ///   - example: valid values, for the error message.
    package func seconds(
        _ name: String, default fallback: Int64, in range: ClosedRange<Int64>, example: String
    ) -> Duration {
        guard let text = string(name) else { return .seconds(fallback) }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600]
        let unit = text.last.flatMap { units[$0] }
        let (number, factor) = unit.map { (text.dropLast(), $0) } ?? (text[...], 1)
        // Checked before the multiplication, which could overflow.
        guard number.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int64(number),
            count <= range.upperBound, range.contains(count * factor)
        else {
            report("\(name) must be \(example)")
            return .seconds(fallback)
        }
        return .seconds(count * factor)
    }

    /// Adds an error that a caller found in a value.
    package func report(_ fault: String) {
        faults.append(fault)
    }

    /// Marks names as known settings, even if the values of other settings mean that they are not read.
    package func mention(_ names: String...) { self.names.formUnion(names) }

    /// Variables that look like settings but are not settings. Use it after all settings were read.
    package var unknown: [UnknownSetting] { UnknownSetting.all(in: environment, known: names) }

    /// Throws all errors found so far.
    package func finish() throws(SettingsError) {
        if !faults.isEmpty { throw SettingsError(faults: faults) }
    }
}

/// All errors in the settings, one sentence each.
package struct SettingsError: Error, CustomStringConvertible {
    package let faults: [String]

    package var description: String {
        "The settings have \(faults.count == 1 ? "an error" : "\(faults.count) errors"):\n"
            + faults.map { "  - \($0)" }.joined(separator: "\n")
    }
}
