import API
import Foundation
import NIOCore
import Pipeline
import Tenancy
import TestSupport
import Testing

/// Numbers that the documents take from the code: whoever changes a constant hears which sentences to change with it.
///
/// The decisions (docs/decisions) are not among them: they say what was decided at the time.
@Suite struct DocumentNumberTests {
    @Test func `the documents say the numbers of the code`() throws {
        let documents = [
            "README.md": readme, "docs/glossary.md": glossary, "docs/architecture.md": architecture,
            "docs/operations.md": operations, "docs/quickstart.md": quickstart, "docs/webhooks.md": webhooks,
            "docs/commands.md": commands, "openapi.yaml": description,
        ]
        for (file, sentences) in documents {
            let text = try String(contentsOfFile: Checkout.root + "/" + file, encoding: .utf8)
                .split(whereSeparator: \.isWhitespace).joined(separator: " ")
            for sentence in sentences { #expect(text.contains(sentence), "\(file) should say: \(sentence)") }
        }
    }

    @Test func `the description's bounds are those of the code`() throws {
        let document = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(filePath: Checkout.root + "/openapi.json")))
        func number(_ path: String...) -> Int? {
            path.reduce(document) { node, name in (node as? [String: Any])?[name] as Any } as? Int
        }
        for schema in ["JobUpload", "JobFromURL"] {
            func field(_ name: String, _ bound: String) -> Int? {
                number("components", "schemas", schema, "properties", name, bound)
            }
            #expect(field("speakers_expected", "minimum") == SpeakerCount.range.lowerBound, "\(schema)")
            #expect(field("speakers_expected", "maximum") == SpeakerCount.range.upperBound, "\(schema)")
            #expect(field("webhook_url", "maxLength") == WebhookAddress.longest, "\(schema)")
        }
        let sourceURL = number("components", "schemas", "JobFromURL", "properties", "source_url", "maxLength")
        #expect(sourceURL == SourceURL.longest)
    }

    private var readme: [String] {
        [
            "another one takes over its tasks within \(Self.seconds(takeover)) seconds",
            "in \(Self.word(mediaFormats)) formats",
        ]
    }

    private var glossary: [String] {
        [
            "How long a claim holds unless it is extended (\(Self.seconds(TaskQueue.lease)) seconds)",
            "every attempt has failed for \(Self.hours(DeliverySchedule.span)) hours",
            "A part of a chunk, at most \(Self.number(WhisperClips.longest / 1000)) seconds",
        ]
    }

    private var architecture: [String] {
        [
            "gives a task to one worker for \(Self.seconds(TaskQueue.lease)) seconds",
            "sets `lease_until` \(Self.seconds(TaskQueue.lease)) s ahead",
            "One heartbeat every \(Self.seconds(TaskQueue.heartbeat)) s",
            "Every node asks every \(Self.seconds(WorkPoller.interval)) s",
            "lease expired (rescue, every \(Self.seconds(WorkPoller.interval)) s)",
            "\(Self.number(Worker.pollSlots)); takes no turn",
            "10 s to hourly, for \(Self.hours(DeliverySchedule.span)) h",
            "the limit is \(DeliveryQueue.perOrigin) per host and \(DeliveryQueue.perTenant) per account at a time",
            "at most \(Self.number(MediaToolClient.wholeSeconds / 60)) minutes long is decoded completely",
            "\(Self.number(TenantLoad.longestBacklog)) waiting",
            """
            remembered for \(Self.hours(IdempotencyKey.lifetime)) h. A request that makes no progress for \
            \(Self.seconds(IdempotencyKey.lease)) s loses its key
            """,
            """
            \(MultipartParser.maximumParts) parts, \(Self.kib(UploadForm.maximumFieldBytes)) per field, \
            \(Self.kib(UploadForm.maximumFieldsBytes)) in all, \(Self.kib(MultipartParser.maximumHeaderBytes)) of headers per part
            """,
            """
            \(Self.number(RefreshToken.sessionsPerKey)) live ones, \(Self.number(RefreshToken.replacedPerSession)) replaced tokens \
            each; \(Self.seconds(RefreshToken.retryWindow)) s to repeat a rotation
            """,
            "| unknown or expired refresh tokens | \(UnknownTokenLimit.perMinute) a minute per address |",
            "\(BoundedLogHandler.perMessage) a minute of one message, \(BoundedLogHandler.total) in all",
            "\(Self.number(BodyBuffers.totalBytes >> 20)) MiB of receive buffers and \(Self.number(Spool.blocksBytes >> 20)) MiB of write blocks",
            "| HTTP head | \(Self.seconds(connection.headTimeout)) s",
            """
            \(Self.kib(connection.minimumBodyRate)) a second over \(Self.seconds(connection.bodyRateWindow)) s; \
            \(Self.minutes(connection.bodyTime)) min in all, at an even pace after \(Self.minutes(connection.bodyGrace)) min
            """,
            "\(Self.number(ConnectionLimits().places)) open",
            "\(Self.seconds(connection.idleTimeout)) s (`VERBATIM_IDLE_TIMEOUT`)",
        ]
    }

    private var operations: [String] {
        [
            "was cut off from the database for \(Self.seconds(TaskQueue.lease)) s",
            "do not shorten the \(Self.hours(DeliverySchedule.span)) hours",
            "each for another \(Self.hours(DeliverySchedule.span)) h",
            "costs each running task up to \(Self.seconds(takeover)) s of waiting",
            """
            signs after \(Self.word(SigningKeyRecord.noticePeriod.components.seconds / 60)) minutes (the key set may be cached for \
            \(Self.word(AccessTokens.keySetCacheSeconds / 60)),
            """,
            "The older keys verify for another \(Self.minutes(SigningKeyRecord.tail)) minutes",
            "A key has at most \(Self.number(RefreshToken.sessionsPerKey)) live sessions",
            "| \(UnknownTokenLimit.perMinute) are looked up",
            "at most once in \(Self.word(QueueGauge.freshness.components.seconds)) seconds",
            "\(WebhookEvent.retention.components.seconds / 86_400) days after they were first sent, or sent again",
            "(about every ten minutes, \(Self.number(OrphanSweep.batch * OrphanSweep.batches)) at a time)",
        ]
    }

    private var quickstart: [String] {
        [
            "Choose one of \(Self.word(TranscriptFormat.allCases.count)) formats",
            "with the same key within \(Self.hours(IdempotencyKey.lifetime)) hours",
        ]
    }

    private var webhooks: [String] {
        [
            "Answer with a 2xx status within \(Self.seconds(DeliveryClient.timeout)) seconds",
            "then hourly until \(Self.hours(DeliverySchedule.span)) hours after the first attempt",
            "every attempt has failed for \(Self.hours(DeliverySchedule.span)) hours",
            "(the latest \(Self.number(DeliveryLog.shown)) of the last \(WebhookEvent.retention.components.seconds / 86_400) days)",
            "at most \(DeliveryLog.triesPerHour) times an hour per job",
        ]
    }

    private var commands: [String] {
        [
            "signs in \(Self.word(SigningKeyRecord.noticePeriod.components.seconds / 60)) minutes",
            "each on a new schedule of \(Self.hours(DeliverySchedule.span)) hours",
        ]
    }

    private var description: [String] {
        [
            "A JSON object of at most \(Self.kib(JobOptions.longestMetadata)), without",
            "At most \(Self.kib(JobOptions.longestMetadata)) as written, without",
            "a key has at most \(Self.number(RefreshToken.sessionsPerKey)) sessions",
            "Within \(Self.seconds(RefreshToken.retryWindow)) seconds, and as long as the new token hasn't been used",
            "the limit is \(UnknownTokenLimit.perMinute) a minute from one address",
            "is listed here \(Self.word(SigningKeyRecord.noticePeriod.components.seconds / 60)) minutes before it signs",
            "You may cache it for \(Self.word(AccessTokens.keySetCacheSeconds / 60)) minutes",
            "Within \(Self.hours(IdempotencyKey.lifetime)) hours you get the first answer again",
            "with the same key within \(Self.hours(IdempotencyKey.lifetime)) hours",
            """
            The head must arrive within \(Self.seconds(connection.headTimeout)) s. The body must arrive at \
            \(Self.kib(connection.minimumBodyRate)) a second or more, averaged over \
            \(Self.seconds(connection.bodyRateWindow)) s, and completely within \(Self.minutes(connection.bodyTime)) minutes. \
            After the first \(Self.minutes(connection.bodyGrace)) minutes
            """,
            """
            At most \(MultipartParser.maximumParts) parts; \(Self.kib(UploadForm.maximumFieldBytes)) per field, \
            \(Self.kib(UploadForm.maximumFieldsBytes)) for all fields
            """,
            "Files up to \(Self.number(MediaToolClient.wholeSeconds / 60)) minutes are decoded completely",
            "The latest \(Self.number(DeliveryLog.shown)) delivery attempts",
            "then hourly until \(Self.hours(DeliverySchedule.span)) h after the first attempt",
            "Whether every attempt has failed for \(Self.hours(DeliverySchedule.span)) hours",
            "a new retry schedule of \(Self.hours(DeliverySchedule.span)) hours",
            "At most \(DeliveryLog.triesPerHour) times an hour for each job",
            "This webhook was sent \(DeliveryLog.triesPerHour) times within the last hour",
        ]
    }

    private var connection: ConnectionGuardSettings { ConnectionGuardSettings() }

    /// Until another worker has the tasks of one that died.
    private var takeover: Duration { TaskQueue.lease + WorkPoller.interval * 2 }

    /// As the refusal of any other counts them.
    private var mediaFormats: Int {
        InvalidAudioReason.unsupportedFormat.message.matches(of: /\b[A-Z0-9]{3,4}\b/).count
    }

    private static func seconds(_ duration: Duration) -> String { number(duration.components.seconds) }
    private static func minutes(_ duration: Duration) -> String { number(duration.components.seconds / 60) }
    private static func hours(_ duration: Duration) -> String { number(duration.components.seconds / 3600) }
    private static func seconds(_ amount: TimeAmount) -> String { number(amount.nanoseconds / 1_000_000_000) }
    private static func minutes(_ amount: TimeAmount) -> String { number(amount.nanoseconds / 60_000_000_000) }
    private static func kib(_ bytes: some BinaryInteger) -> String { number(bytes / 1024) + " KiB" }

    /// With a comma before each three digits.
    private static func number(_ value: some BinaryInteger) -> String {
        var text = ""
        for (place, digit) in String(value).reversed().enumerated() {
            text = String(digit) + (place > 0 && place % 3 == 0 ? "," : "") + text
        }
        return text
    }

    private static func word(_ value: some BinaryInteger) -> String {
        let words = [
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
            "thirteen",
            "fourteen", "fifteen",
        ]
        return value > 0 && value <= words.count ? words[Int(value) - 1] : number(value)
    }
}
