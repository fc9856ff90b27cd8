import Billing
import HTTPTypes
import Hummingbird
import Pipeline
import Postgres
import Tenancy

/// `POST /jobs`: receives a recording into the spool, has it probed there, stores it and queues the job.
///
/// Whatever refuses the recording, nothing of it stays: the spooled file goes with its handle, a stored one is removed when the
/// job could not be queued.
struct CreateJob: Sendable {
    let databases: Databases
    let uploads: UploadReader
    let media: MediaTool
    let storage: FileStorage
    let admission: Admission

    @Sendable
    func handle(_ request: Request, context: CustomerContext) async throws -> Response {
        let tenant = context.principal.tenant
        guard let allowance = try await databases.app.transaction(of: tenant, { try Allowance.of(tenant, in: $0) })
        else {
            throw APIError(.invalidToken, "The account of this token no longer exists.")
        }
        if request.headers[.contentType].flatMap(HeaderValue.init)?.value == "application/json" { throw Self.noURLs }
        let upload = try await uploads.read(request, fileLimitBytes: allowance.maxFileBytes)
        let options = try JobOptions(fields: upload.fields)
        let probe = try await probe(upload.file.path, allowance)

        let job = try await store(upload.file, probe, options, allowance, tenant: tenant)
        var headers: HTTPFields = [.location: "/jobs/\(job.id)"]
        headers[.retryAfter] = RemainingWork.retryAfterSeconds(job, now: .now()).map(String.init)
        var json = JSONWriter(capacity: 128)
        json.object { json in
            json.key("job_id")
            json.string(job.id.rawValue)
            json.key("status")
            json.string(job.status.rawValue)
            json.key("created_at")
            json.string(job.createdAt.rfc3339)
        }
        return JSONResponse.make(json.bytes, status: .accepted, headers: headers)
    }

    /// Looks into the file before it is accepted: what is wrong with it is said at once.
    private func probe(_ path: String, _ allowance: Allowance) async throws -> MediaProbe {
        let probe: MediaProbe
        do {
            probe = try await media.probe(path: path)
        } catch MediaError.invalidAudio(let reason, _) {
            throw APIError.invalidAudio(reason)
        } catch MediaError.overloaded, MediaError.timedOut, MediaError.interrupted {
            throw APIError.transient(
                "The service is too busy to look at the file. Try again shortly.", retryAfterSeconds: 5)
        }
        if probe.isSilent { throw APIError.invalidAudio(.emptyAudio) }
        if let duration = probe.bestDurationMilliseconds, duration > allowance.maxDurationSeconds * 1000 {
            throw APIError.invalidAudio(.durationExceedsLimit)
        }
        return probe
    }

    private func store(
        _ file: SpooledFile, _ probe: MediaProbe, _ options: JobOptions, _ allowance: Allowance, tenant: TenantID
    ) async throws -> Job {
        let id = JobID()
        let key = StorageKey.source(of: id, tenant: tenant)
        do {
            try await storage.adopt(fileAt: file.path, as: key)
            return try await admission.admit(
                Submission(
                    id: id, tenant: tenant, options: options, allowance: allowance, fileName: file.originalName,
                    bytes: file.bytes, estimatedMilliseconds: probe.bestDurationMilliseconds,
                    channels: probe.channels > 0 ? min(probe.channels, 1000) : nil, sourceKey: key))
        } catch AdmissionError.outcomeUnknown(let error) {
            // The job may be queued, and then it needs its source.
            throw error
        } catch {
            try? await storage.remove(job: id, of: tenant)
            if let error = error as? StorageError, error.isFull {
                throw APIError.transient(
                    "The service cannot take more files just now. Try again later.", retryAfterSeconds: 30)
            }
            if case AdmissionError.notQueued = error {
                throw APIError.transient("The job could not be queued. Please send it again.", retryAfterSeconds: 2)
            }
            if let error = error as? PostgresError, error.isDataException {
                throw APIError.invalidRequest("'metadata' holds something that cannot be stored.", field: "metadata")
            }
            throw error
        }
    }

    private static let noURLs = APIError(
        .sourceURLRefused,
        "This version takes no URLs yet. Send the recording as multipart/form-data with a part named 'file'.")
}

extension APIError {
    static func invalidAudio(_ reason: InvalidAudioReason) -> APIError {
        .invalidAudio(reason: reason.rawValue, reason.message)
    }
}

extension PostgresError {
    /// A value of the right form that PostgreSQL cannot hold: SQLSTATE class 22.
    fileprivate var isDataException: Bool { sqlState?.hasPrefix("22") == true }
}
