import ArgumentParser

/// What an operator turns on or off.
enum Switch: String, CaseIterable, ExpressibleByArgument {
    case on, off

    var isOn: Bool { self == .on }
}
