import ArgumentParser
import Billing
import Pipeline
import Tenancy

// How our own types are written on a command line.

extension TenantID: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension JobID: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument) }
}

extension PlanName: ExpressibleByArgument {
    /// The plans that every deployment begins with; operators add others.
    public static var defaultCompletionKind: CompletionKind { .list(["free", "pro", "business"]) }
}

extension JobStatus: ExpressibleByArgument {}

/// Limits are named as the options of `quota set` are.
extension QuotaOverrides.Field: ExpressibleByArgument {
    public init?(argument: String) {
        guard let field = Self.allCases.first(where: { $0.option == argument }) else { return nil }
        self = field
    }

    public static var allValueStrings: [String] { allCases.map(\.option) }
    public var defaultValueDescription: String { option }
}
