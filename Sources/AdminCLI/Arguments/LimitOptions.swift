import ArgumentParser
import Billing

/// An option for each limit and each switch that an operator may set, made from their declarations: `--monthly-minutes`, `--overage` …
///
/// The parser knows a type's options by its mirror and reads their values by name, so both are made here from the lists of `Billing`.
struct LimitOptions: ParsableArguments, CustomReflectable {
    private(set) var overrides = QuotaOverrides()

    init() {}

    init(from decoder: any Decoder) throws {
        let options = try decoder.container(keyedBy: NameKey.self)
        for limit in Limit.allCases {
            overrides.limits[limit] = try options.decode(Number.self, forKey: NameKey(limit.option)).wrappedValue
        }
        for flag in AccountSwitch.allCases {
            overrides.switches[flag] = try options.decode(OnOff.self, forKey: NameKey(flag.option)).wrappedValue?.isOn
        }
    }

    var customMirror: Mirror {
        let limits = Limit.allCases.map { limit -> Mirror.Child in
            (limit.option, Number(name: .customLong(limit.option), help: ArgumentHelp(limit.help)))
        }
        let switches = AccountSwitch.allCases.map { flag -> Mirror.Child in
            (flag.option, OnOff(name: .customLong(flag.option), help: ArgumentHelp(flag.help)))
        }
        return Mirror(self, children: limits + switches)
    }

    func validate() throws {
        for limit in Limit.allCases {
            guard let value = overrides.limits[limit], !limit.bounds.contains(value) else { continue }
            throw ValidationError(
                "--\(limit.option) must be from \(limit.bounds.lowerBound) to \(limit.bounds.upperBound).")
        }
    }

    private typealias Number = Option<Int64?>
    private typealias OnOff = Option<Switch?>
}

/// A coding key whose name comes from a list, such as a limit's.
struct NameKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// What an operator turns on or off.
enum Switch: String, CaseIterable, ExpressibleByArgument {
    case on, off

    var isOn: Bool { self == .on }
}
