import Billing
import Egress
import HTTPTypes
import Hummingbird
import JSON
import Pipeline
import Postgres
import Tenancy

/// `POST /jobs`: receives a recording into the spool, probes it there, stores it and queues the job; or queues the job of a recording that
/// a worker will fetch.
///
/// If the recording is rejected, for whatever reason, nothing of it stays: the spooled file goes with its handle, and a stored one is
/// removed if the job could not be queued.
struct CreateJob: Sendable {
    let databases: Databases
    let uploads: UploadReader
    let slots: UploadSlots
    let media: MediaToolClient
    let storage: any Storage
    let admission: Admission
    let webhooks: WebhookAddress
    /// Which addresses a recording's URL may name.
    let policy: AddressPolicy

    @Sendable
    func handle(_ request: Request, context: AuthenticatedContext) async throws -> Response {
        let tenant = context.principal.tenant
        guard
            let effectiveLimits = try await databases.app.transaction(
                of: tenant, { try EffectiveLimits.of(tenant, in: $0) })
        else {
            throw APIError(.invalidToken, "The account of this token no longer exists.")
        }
        let isJSON = request.headers[.contentType].flatMap(HeaderValue.init)?.value == "application/json"
        let jobRequest = JobRequest(
            principal: context.principal, effectiveLimits: effectiveLimits,
            acceptOverage: try Self.acceptsOverage(request),
            url: isJSON ? try await URLSubmission.read(request, policy: policy) : nil)
        guard let key = try Self.idempotencyKey(request) else {
            return try await submit(request, jobRequest, under: nil)
        }
        let remembered = context.principal.mode == .test ? IdempotencyKey.forTests(key) : key
        switch try await IdempotencyKey.begin(
            remembered, of: tenant, by: context.principal.submitter, on: databases.app)
        {
        case .inProgress:
            throw APIError(
                .idempotencyInProgress, "A request with this Idempotency-Key is still under way. Try again shortly.",
                headers: [.retryAfter: "1"])
        case .answered(let fingerprint, let job, let answer):
            guard try await self.fingerprint(of: request, jobRequest) == fingerprint else {
                throw APIError(
                    .idempotencyConflict,
                    "This Idempotency-Key was used within a day for another request. Use a new key for each recording.")
            }
            return Self.accepted(job, answer, [.idempotentReplayed: "true"])
        case .claimed(let claim):
            return try await holding(claim) { try await submit(request, jobRequest, under: claim) }
        }
    }

    /// Throws `invalid_request` if the options are those of a test key's job.
    static func requireNoTest(_ options: JobOptions) throws {
        guard options.simulatedEnd != nil else { return }
        throw APIError.invalidRequest(
            "'test_outcome' and 'test_delay_seconds' are only for test keys, whose jobs are simulated.",
            field: "test_outcome")
    }

    /// What every step needs to know of the request.
    private struct JobRequest {
        let principal: Principal
        let effectiveLimits: EffectiveLimits
        let acceptOverage: Bool
        /// Nil for a form, whose body is still to be read.
        let url: URLSubmission?

        var tenant: TenantID { principal.tenant }
        var isTest: Bool { principal.mode == .test }

        /// Throws `invalid_request` if the options are those of a test key's job and the key is a live one.
        func check(_ options: JobOptions) throws {
            if !isTest { try CreateJob.requireNoTest(options) }
        }

        func submission(_ id: JobID, _ options: JobOptions, _ source: Submission.Source) -> Submission {
            var submission = Submission(
                id: id, tenant: tenant, submitter: principal.submitter, options: options, acceptOverage: acceptOverage,
                source: source)
            submission.singleUse = principal.singleUse
            return submission
        }
    }

    private func fingerprint(of request: Request, _ jobRequest: JobRequest) async throws -> [UInt8] {
        if let url = jobRequest.url { return url.fingerprint }
        do {
            return try await holdingSlot(jobRequest) { try await read(request, jobRequest).fingerprint() }
        } catch {
            throw APIError(refusal: error) ?? error
        }
    }

    /// Runs `body` as one of the account's concurrent uploads, which begins before the request's body is read.
    private func holdingSlot<Value>(_ jobRequest: JobRequest, _ body: () async throws -> Value) async throws -> Value {
        try await slots.hold(for: jobRequest.tenant, limit: jobRequest.effectiveLimits.uploadsAtOnce, body)
    }

    private func read(_ request: Request, _ jobRequest: JobRequest) async throws -> Upload {
        try await uploads.read(request, of: jobRequest.tenant, fileLimitBytes: jobRequest.effectiveLimits.maxFileBytes)
    }

    private func submit(_ request: Request, _ jobRequest: JobRequest, under claim: IdempotencyClaim?) async throws
        -> Response
    {
        do {
            try await check(jobRequest)
            let job =
                if let url = jobRequest.url {
                    try await admit(url, jobRequest, under: claim)
                } else {
                    try await holdingSlot(jobRequest) { try await receive(request, jobRequest, under: claim) }
                }
            var headers: HTTPFields = [:]
            headers[.retryAfter] = RemainingWork.retryAfterSeconds(job, now: .now()).map(String.init)
            return Self.accepted(job.id, Self.answer(job), headers)
        } catch {
            // The customer gets the answer, even if nobody can be told of it.
            if case ReservationError.quotaExceeded(let limit, _) = error {
                try? await admission.noteRefusal(by: limit, of: jobRequest.tenant)
            }
            throw APIError(refusal: error) ?? error
        }
    }

    /// Checks what can be checked before the body is read.
    private func check(_ jobRequest: JobRequest) async throws {
        if let token = jobRequest.principal.singleUse {
            try await databases.app.transaction(of: jobRequest.tenant) {
                try UsedToken.check(token, of: jobRequest.tenant, in: $0)
            }
        }
        guard !jobRequest.isTest else { return }
        try await admission.check(
            jobRequest.tenant, by: jobRequest.principal.submitter, jobRequest.effectiveLimits,
            acceptOverage: jobRequest.acceptOverage)
    }

    private func admit(_ url: URLSubmission, _ jobRequest: JobRequest, under claim: IdempotencyClaim?) async throws
        -> Job
    {
        try jobRequest.check(url.options)
        if let address = url.options.webhookURL { try await webhooks.check(address, field: "webhook_url") }
        var claim = claim
        claim?.fingerprint = url.fingerprint
        let submission = jobRequest.submission(JobID(), url.options, .url(url.source))
        return jobRequest.isTest
            ? try await admission.admitSimulated(submission, under: claim, answer: Self.answer)
            : try await admission.admit(submission, under: claim, answer: Self.answer)
    }

    private func receive(_ request: Request, _ jobRequest: JobRequest, under claim: IdempotencyClaim?) async throws
        -> Job
    {
        // Checked before the body is read, and again before the probe: other files of the account may have been rejected meanwhile.
        try requireBudget(of: jobRequest.tenant)
        let upload = try await read(request, jobRequest)
        // The body may have taken long. If the caller's access ended meanwhile, nothing is started.
        try await databases.system.transaction { try jobRequest.principal.requireAccess(to: .writeJobs, in: $0) }
        let options = try JobOptions(fields: upload.fields)
        try jobRequest.check(options)
        if let address = options.webhookURL { try await webhooks.check(address, field: "webhook_url") }
        try requireBudget(of: jobRequest.tenant)
        var spent = Duration.zero
        do {
            let probe = try await probe(upload.file.path, jobRequest) { spent += $0 }
            var claim = claim
            if claim != nil { claim?.fingerprint = try await upload.fingerprint() }
            return try await store(upload.file, probe, options, jobRequest, under: claim)
        } catch {
            if Self.isRefusal(error) { media.refusals.charge(spent, to: jobRequest.tenant) }
            throw error
        }
    }

    private func requireBudget(of tenant: TenantID) throws {
        guard let wait = media.refusals.wait(of: tenant) else { return }
        throw APIError.rateLimited(
            "Checking this account's rejected files took too much processor time. Wait before sending more.",
            retryAfterSeconds: Int(wait.components.seconds) + 1)
    }

    /// Whether the upload failed because of the customer, whose file was rejected or who went away, and not because of a fault of ours.
    private static func isRefusal(_ error: any Error) -> Bool {
        switch error {
        case is CancellationError, MediaError.timedOut: true
        default: ((error as? APIError) ?? APIError(refusal: error)).map { $0.code.status < 500 } ?? false
        }
    }

    /// Runs `body` while it holds the request's idempotency key: renews the claim, and releases the key if the request fails.
    private func holding(
        _ claim: IdempotencyClaim, _ body: () async throws -> Response
    ) async throws -> Response {
        let pool = databases.app
        let renewal = Task {
            while !Task.isCancelled {
                try await Task.sleep(for: IdempotencyKey.lease / 3)
                // A renewal that fails may succeed the next time. If another request takes the key over, admission notices.
                try? await claim.renew(on: pool)
            }
        }
        defer { renewal.cancel() }
        do {
            return try await body()
        } catch {
            // Unstructured, so that the key is released even if the client is gone and this task cancelled. If that fails, the key is free
            // when its lease ends.
            await Task { try? await claim.abandon(on: pool) }.value
            throw error
        }
    }

    private static func answer(_ job: Job) -> [UInt8] {
        var json = JSONWriter(capacity: 128)
        json.object { json in
            json.key("job_id")
            json.string(job.id.rawValue)
            json.key("status")
            json.string(job.status.rawValue)
            json.key("created_at")
            json.string(job.createdAt.rfc3339)
        }
        return json.bytes
    }

    private static func accepted(_ job: JobID, _ answer: [UInt8], _ headers: HTTPFields) -> Response {
        var headers = headers
        headers[.location] = "/jobs/\(job)"
        return JSONResponse.make(answer, status: .accepted, headers: headers)
    }

    static func acceptsOverage(_ request: Request) throws -> Bool {
        switch request.uri.queryParameters["accept_overage"] {
        case nil, "false": return false
        case "true": return true
        default: throw APIError.invalidRequest("'accept_overage' must be true or false.", field: "accept_overage")
        }
    }

    /// The longest idempotency key, in characters.
    private static let longestKey = 255

    private static func idempotencyKey(_ request: Request) throws -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard (1...longestKey).contains(key.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw APIError.invalidRequest(
                "'Idempotency-Key' must have 1 to \(longestKey) printable ASCII characters.", field: "Idempotency-Key")
        }
        return key
    }

    /// Probes the file before it is accepted, so that the client learns at once what is wrong with it.
    private func probe(_ path: String, _ jobRequest: JobRequest, _ spent: (Duration) -> Void) async throws -> MediaProbe
    {
        do {
            return try await media.judge(
                path: path, of: jobRequest.tenant, longest: jobRequest.effectiveLimits.maxDurationSeconds, spent: spent)
        } catch MediaError.invalidAudio(let reason, _) {
            throw APIError.invalidAudio(reason)
        }
    }

    private func store(
        _ file: SpooledFile, _ probe: MediaProbe, _ options: JobOptions, _ jobRequest: JobRequest,
        under claim: IdempotencyClaim?
    ) async throws -> Job {
        let id = JobID()
        let key = StorageKey.source(of: id, tenant: jobRequest.tenant)
        let submission = jobRequest.submission(
            id, options,
            .file(
                SubmittedFile(
                    name: file.originalName, bytes: file.bytes,
                    estimatedMilliseconds: probe.bestDurationMilliseconds,
                    channels: probe.channels > 0 ? min(probe.channels, 1000) : nil, key: key)))
        // The file of a test key goes with its handle.
        if jobRequest.isTest {
            return try await admission.admitSimulated(submission, under: claim, answer: Self.answer)
        }
        do {
            try await storage.adopt(fileAt: file.path, as: key)
            return try await admission.admit(submission, under: claim, answer: Self.answer)
        } catch AdmissionError.outcomeUnknown(let error) {
            // The job may be queued, and then it needs its source.
            throw error
        } catch {
            // Unstructured, so that cleanup also runs when the client is gone and this task cancelled: a cancelled task would not ask an
            // object store.
            await Task { try? await storage.remove(job: id, of: jobRequest.tenant) }.value
            throw error
        }
    }
}

extension APIError {
    static func invalidAudio(_ reason: InvalidAudioReason) -> APIError {
        .invalidAudio(reason: reason.rawValue, reason.message)
    }
}
