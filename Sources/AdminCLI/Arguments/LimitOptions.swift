import ArgumentParser
import Billing

/// An option for each limit and each switch that an operator may set, made from their declarations: `--monthly-minutes`, `--overage` …
///
/// The parser knows a type's options by its mirror and reads their values by name, so both are made here from the lists of `Billing`.
struct LimitOptions: ParsableArguments, CustomReflectable {
    private(set) var overrides = QuotaOverrides()
    /// Whether the cap on overage is to be removed.
    private(set) var endsCap = false

    init() {}

    init(from decoder: any Decoder) throws {
        let options = try decoder.container(keyedBy: NameKey.self)
        for limit in Limit.allCases {
            overrides.limits[limit] = try options.decode(Number.self, forKey: NameKey(limit.option)).wrappedValue
        }
        for flag in AccountSwitch.allCases {
            overrides.switches[flag] = try options.decode(OnOff.self, forKey: NameKey(flag.option)).wrappedValue?.isOn
        }
        let cap = NameKey(QuotaOverrides.Field.overageCap.option)
        switch try options.decode(Cap.self, forKey: cap).wrappedValue {
        case .number(let cents): overrides.overageCapCents = cents
        case .off: endsCap = true
        case nil: break
        }
    }

    var customMirror: Mirror {
        let limits = Limit.allCases.map { limit -> Mirror.Child in
            (limit.option, Number(name: .customLong(limit.option), help: ArgumentHelp(limit.help)))
        }
        let switches = AccountSwitch.allCases.map { flag -> Mirror.Child in
            (flag.option, OnOff(name: .customLong(flag.option), help: ArgumentHelp(flag.help)))
        }
        let option = QuotaOverrides.Field.overageCap.option
        let cap = Cap(
            name: .customLong(option),
            help: ArgumentHelp("What a month's overage may cost, in cents; none for no cap.", valueName: "cents|none"))
        return Mirror(self, children: limits + switches + [(option, cap)])
    }

    func validate() throws {
        for limit in Limit.allCases {
            guard let value = overrides.limits[limit], !limit.bounds.contains(value) else { continue }
            throw ValidationError(
                "--\(limit.option) must be from \(limit.bounds.lowerBound) to \(limit.bounds.upperBound).")
        }
        if let cap = overrides.overageCapCents, !QuotaOverrides.caps.contains(cap) {
            throw ValidationError(
                "--\(QuotaOverrides.Field.overageCap.option) must be from 0 to \(QuotaOverrides.caps.upperBound), or none."
            )
        }
    }

    private typealias Number = Option<Int64?>
    private typealias OnOff = Option<Switch?>
    private typealias Cap = Option<OptionalNumber?>
}

/// A coding key whose name comes from a list, such as a limit's.
struct NameKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// A number, or `none`.
enum OptionalNumber: ExpressibleByArgument {
    case number(Int64)
    case off

    init?(argument: String) {
        if argument == "none" {
            self = .off
        } else if let number = Int64(argument) {
            self = .number(number)
        } else {
            return nil
        }
    }
}

/// What an operator turns on or off.
enum Switch: String, CaseIterable, ExpressibleByArgument {
    case on, off

    var isOn: Bool { self == .on }
}
