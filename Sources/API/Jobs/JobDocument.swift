import JSON
import Pipeline
import Postgres
import Tenancy

/// A job as customers read it.
struct JobDocument: Sendable {
    let job: Job

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("job_id")
            json.string(job.id.rawValue)
            json.key("status")
            json.string(job.status.rawValue)
            json.key("created_at")
            json.string(job.createdAt.rfc3339)
            json.key("started_at")
            json.string(job.startedAt?.rfc3339)
            json.key("completed_at")
            json.string(job.completedAt?.rfc3339)
            json.key("progress")
            json.share(job.progress)
            json.key("duration_seconds")
            if let duration = job.durationMilliseconds { json.seconds(duration) } else { json.null() }
            json.key("language")
            json.string(job.language)
            json.key("diarize")
            json.flag(job.diarize)
            json.key("source")
            write(job.source, to: &json)
            json.key("engine")
            json.string(job.status == .completed ? job.engine : nil)
            json.key("metadata")
            json.raw(job.metadata)
            json.key("webhook_url")
            json.string(job.webhookURL)
            json.key("error")
            if let failure = job.failure { write(failure, to: &json) } else { json.null() }
            json.key("source_deleted_at")
            json.string(job.sourceDeletedAt?.rfc3339)
            json.key("transcript_retention_days")
            json.integer(job.transcriptRetentionDays)
            json.key("transcript_deleted_at")
            json.string(job.transcriptDeletedAt?.rfc3339)
            json.key("deadline_at")
            json.string(job.deadline?.rfc3339)
            json.key("test")
            json.flag(job.isTest)
            json.key("key_id")
            json.string(job.submitter?.key?.rawValue)
            json.key("member_id")
            json.string(job.submitter?.member?.rawValue)
        }
    }

    private func write(_ source: JobSource, to json: inout JSONWriter) {
        json.object { json in
            json.key("type")
            switch source {
            case .upload(let name):
                json.string("upload")
                json.key("name")
                json.string(name)
            case .url(let url):
                json.string("url")
                json.key("url")
                json.string(url)
            }
        }
    }

    private func write(_ failure: JobFailure, to json: inout JSONWriter) {
        json.object { json in
            json.key("code")
            json.string(failure.code.rawValue)
            json.key("reason")
            json.string(failure.reason)
            json.key("message")
            json.string(failure.message)
        }
    }
}
