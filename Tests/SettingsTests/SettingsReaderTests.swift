import Foundation
import Settings
import Testing

@Suite struct SettingsReaderTests {
    private enum Color: String, CaseIterable { case red, blue }

    @Test func `all faults are told at once`() throws {
        let reader = SettingsReader(environment: ["N": "eleven", "C": "green"])
        _ = reader.required("MISSING", hint: "a hint")
        _ = reader.integer("N", default: 1, in: 1...10)
        _ = reader.choice("C", default: Color.red)
        let error = #expect(throws: SettingsError.self) { try reader.finish() }
        #expect(error?.faults.count == 3)
        #expect(error?.description.contains("MISSING is not set: a hint") == true)
        #expect(error?.description.contains("1 to 10") == true)
        #expect(error?.description.contains("red, blue") == true)
    }

    @Test func `a time is read in its units, and kept to its range`() throws {
        for (text, seconds) in [("90", 90), ("90s", 90), ("2m", 120), ("1h", 3600), ("0", 0), ("0h", 0)] {
            let reader = SettingsReader(environment: ["T": text])
            #expect(reader.seconds("T", default: 5, in: 0...3600, example: "a time") == .seconds(seconds))
            try reader.finish()
        }
        for text in ["61m", "-1", "+1", "1.5s", "1d", "s", "1 s", "9223372036854775807h", "99999999999999999999"] {
            let reader = SettingsReader(environment: ["T": text])
            #expect(reader.seconds("T", default: 5, in: 0...3600, example: "a time up to 1h") == .seconds(5))
            let error = #expect(throws: SettingsError.self) { try reader.finish() }
            #expect(error?.faults == ["T must be a time up to 1h"])
        }
        let unset = SettingsReader(environment: [:])
        #expect(unset.seconds("T", default: 5, in: 0...3600, example: "a time") == .seconds(5))
        try unset.finish()
    }

    @Test func `a fault never repeats the value`() throws {
        let reader = SettingsReader(environment: ["N": "hunter2", "C": "hunter2"])
        _ = reader.integer("N", default: 1, in: 1...10)
        _ = reader.choice("C", default: Color.red)
        let error = #expect(throws: SettingsError.self) { try reader.finish() }
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func `a secret may come from a file, without the line's end`() throws {
        let path = NSTemporaryDirectory() + "/settings-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("s3cret\n".utf8).write(to: URL(fileURLWithPath: path))
        let reader = SettingsReader(environment: ["KEY_FILE": path])
        #expect(reader.string("KEY") == "s3cret")
        try reader.finish()
    }

    @Test func `a file that cannot be read, an empty one and both forms at once are faults`() throws {
        let path = NSTemporaryDirectory() + "/settings-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data().write(to: URL(fileURLWithPath: path))
        let reader = SettingsReader(environment: ["A_FILE": path + "-none", "B_FILE": path, "C": "x", "C_FILE": path])
        #expect(reader.string("A") == nil)
        #expect(reader.string("B") == nil)
        #expect(reader.string("C") == "x")
        #expect(throws: SettingsError.self) { try reader.finish() }
    }

    @Test func `what is empty is unset`() throws {
        let reader = SettingsReader(environment: ["N": "", "S": ""])
        #expect(reader.integer("N", default: 7, in: 1...10) == 7)
        #expect(reader.string("S") == nil)
        try reader.finish()
    }
}
