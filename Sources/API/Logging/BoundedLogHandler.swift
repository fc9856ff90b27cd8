import Logging

/// A log handler that limits the lines a minute of the HTTP server, of one message and of all, because strangers cause these lines by what
/// they send and how often. The access log limits its lines by caller, before they get here.
package struct BoundedLogHandler: LogHandler {
    /// Lines a minute, of one message and of all.
    package static let perMessage = 120
    package static let total = 600

    private var base: any LogHandler
    private let budget: LogRateLimit

    package init(_ base: any LogHandler, budget: LogRateLimit = LogRateLimit(perSource: perMessage, total: total)) {
        self.base = base
        self.budget = budget
    }

    package var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }
    package var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }
    package var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    package func log(event: LogEvent) {
        let message = event.message.description
        guard message != AccessLine.message else { return base.log(event: event) }
        var plain = base
        // The line is about many requests, so it has none of their metadata.
        plain.metadata = [:]
        plain.metadataProvider = nil
        let isAdmitted = budget.admits(String(message.prefix(64))) { [plain] count in
            Logger(label: "verbatim") { _ in plain }.notice(
                "Log lines left out", metadata: ["lines": .stringConvertible(count)])
        }
        if isAdmitted { base.log(event: event) }
    }
}

extension Logger {
    /// The same logger, limited.
    package var bounded: Logger {
        var logger = self
        logger.handler = BoundedLogHandler(handler)
        return logger
    }
}
