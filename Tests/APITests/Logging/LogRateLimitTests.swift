import API
import Logging
import Synchronization
import TestSupport
import Testing

@Suite struct LogRateLimitTests {
    private final class ReportedCounts: Sendable {
        private let counts = Mutex<[Int]>([])
        var all: [Int] { counts.withLock { $0 } }
        var report: @Sendable (Int) -> Void { { [self] count in counts.withLock { $0.append(count) } } }
    }

    @Test func `so many of one source, so many in all, and what is more is counted when the minute is over`() {
        let (clock, reported) = (SteadyTestClock(), ReportedCounts())
        let budget = LogRateLimit(perSource: 3, total: 10, now: clock.now)
        func admitted(_ count: Int, from source: String) -> Int {
            (0..<count).count { _ in budget.admits(source, report: reported.report) }
        }
        #expect(admitted(100, from: "a") == 3)
        #expect(admitted(1, from: "b") == 1)
        // However many they are.
        #expect((0..<1000).count { budget.admits("c\($0)", report: reported.report) } == 6)
        clock.advance(by: .milliseconds(59_999))
        #expect(admitted(1, from: "a") == 0)
        #expect(reported.all == [])
        clock.advance(by: .milliseconds(1))
        #expect(admitted(1, from: "a") == 1)
        #expect(reported.all == [97 + 994 + 1])
        // A minute in which nothing was left out has nothing to tell.
        clock.advance(by: .seconds(60))
        #expect(admitted(1, from: "a") == 1)
        #expect(reported.all == [97 + 994 + 1])
    }

    @Test func `what the front logs is bounded by message and in all, and keeps what it says`() {
        let log = CapturedLog()
        let clock = SteadyTestClock()
        let logger = Logger(label: "test") { _ in
            BoundedLogHandler(log, budget: LogRateLimit(perSource: 5, total: 8, now: clock.now))
        }
        for number in 0..<100 {
            logger.info("Connection cut", metadata: ["number": "\(number)"])
            logger.error("Unexpected \(number)")
        }
        var lines = log.text.split(separator: "\n")
        #expect(lines.count == 8)
        #expect(lines.first == #"Connection cut ["number": 0]"#)
        clock.advance(by: .seconds(60))
        logger.info("Connection cut")
        lines = log.text.split(separator: "\n")
        #expect(lines.suffix(2) == [#"Log lines left out ["lines": 192]"#, "Connection cut [:]"])
    }
}

extension ServerTests {
    @Suite struct LogFloodTests {
        /// As nodes log unless told otherwise.
        private struct AtInfo: LogHandler {
            let log: CapturedLog
            var logLevel = Logger.Level.info
            var metadata: Logger.Metadata = [:]

            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }

            func log(event: LogEvent) { log.log(event: event) }
        }

        @Test func `a stranger's requests and broken connections leave so many lines a minute, and all are answered`()
            async throws
        {
            let log = CapturedLog()
            try await HTTPServerScene.run(log: AtInfo(log: log)) { scene in
                for number in 0..<300 {
                    let path = number.isMultiple(of: 2) ? "/none" : "/hello/you"
                    let answer = try await RawClient.exchange(scene, "GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                    #expect(answer.status == (number.isMultiple(of: 2) ? 404 : 200))
                    let garbage = try await RawClient.exchange(scene, "\u{16}\u{3}\u{1} no TLS here\r\n\r\n")
                    #expect(garbage.status == 400)
                    if number < 200 {
                        #expect(
                            try await RawClient.exchange(scene, "GET /surprise HTTP/1.1\r\nHost: x\r\n\r\n").status
                                == 500)
                    }
                }
            }
            let lines = log.text.split(separator: "\n")
            func count(_ beginning: String) -> Int { lines.count { $0.hasPrefix(beginning) } }
            // A slow machine may take more than a minute for them.
            #expect((120...360).contains(count("Request [")), "\(count("Request ["))")
            #expect((120...250).contains(count("Connection cut")), "\(count("Connection cut"))")
            #expect((120...200).contains(count("Unexpected error")), "\(count("Unexpected error"))")
        }
    }
}
