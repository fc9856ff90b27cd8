import ArgumentParser
import Billing
import Tenancy

/// An option for each limit of a plan, made from their declarations, with the price of its overage and its place in the queue.
struct PlanOptions: ParsableArguments, CustomReflectable {
    private(set) var limits: [Limit: Int64] = [:]
    /// Nil: not given.
    private(set) var rate: OptionalNumber?
    private(set) var queue: Queue?

    /// The names of the options besides the limits.
    private static let (rateOption, queueOption) = ("overage-micros-per-minute", "queue")

    /// The class of a plan's jobs in the queue.
    enum Queue: String, CaseIterable, ExpressibleByArgument {
        case priority, normal

        var priority: QueuePriority { self == .priority ? .priority : .normal }
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let options = try decoder.container(keyedBy: NameKey.self)
        for limit in Limit.allCases {
            limits[limit] = try options.decode(Option<Int64?>.self, forKey: NameKey(limit.option)).wrappedValue
        }
        rate = try options.decode(Option<OptionalNumber?>.self, forKey: NameKey(Self.rateOption)).wrappedValue
        queue = try options.decode(Option<Queue?>.self, forKey: NameKey(Self.queueOption)).wrappedValue
    }

    var customMirror: Mirror {
        var children = Limit.allCases.map { limit -> Mirror.Child in
            (limit.option, Option<Int64?>(name: .customLong(limit.option), help: ArgumentHelp(limit.help)))
        }
        children.append(
            (
                Self.rateOption,
                Option<OptionalNumber?>(
                    name: .customLong(Self.rateOption),
                    help: ArgumentHelp(
                        "The price of overage, in millionths of a dollar a minute; none: the plan sells none.",
                        valueName: "micros|none"))
            ))
        children.append(
            (
                Self.queueOption,
                Option<Queue?>(
                    name: .customLong(Self.queueOption),
                    help: "Whether its jobs go before others: priority or normal.")
            ))
        return Mirror(self, children: children)
    }

    func validate() throws {
        for limit in Limit.allCases {
            guard let value = limits[limit], !limit.bounds.contains(value) else { continue }
            throw ValidationError(
                "--\(limit.option) must be from \(limit.bounds.lowerBound) to \(limit.bounds.upperBound).")
        }
        if case .number(let rate)? = rate, !Plan.overageRates.contains(rate) {
            throw ValidationError("--\(Self.rateOption) must be from 0 to \(Plan.overageRates.upperBound), or none.")
        }
    }

    var isEmpty: Bool { limits.isEmpty && rate == nil && queue == nil }

    /// Returns the plan with these options; those that are missing are as in `before`. Throws if one is missing there, too.
    func plan(named name: PlanName, changing before: Plan?) throws -> Plan {
        let values = try LimitValues { limit in
            guard let value = limits[limit] ?? before?.limits[limit] else {
                throw ValidationError("Name --\(limit.option): a new plan needs all limits.")
            }
            return value
        }
        let price: Int64? =
            switch rate {
            case .number(let rate): rate
            case .off: nil
            case nil: before?.overageRate
            }
        return Plan(
            name: name, limits: values, overageRate: price,
            queuePriority: queue?.priority ?? before?.queuePriority ?? .normal, isRetired: before?.isRetired ?? false)
    }
}
