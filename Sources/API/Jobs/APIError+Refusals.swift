import Billing
import HTTPTypes
import Pipeline
import Postgres
import Tenancy

extension APIError {
    /// The answer to a customer whose recording was rejected; nil if the error is not a rejection.
    init?(refusal error: any Error) {
        switch error {
        case let refusal as AccessRefusal: self = APIError(refusal)
        case AdmissionError.tooManyAtOnce(let limit):
            self = .rateLimited(
                "This account runs \(limit) jobs at once, the most that it may, and its other jobs may not wait. "
                    + "Try again when one of them has ended.",
                retryAfterSeconds: 10)
        case AdmissionError.tooManyUploads(let limit):
            self = .rateLimited(
                "This account sends \(limit) files at once already, the most that its plan allows. Try again when one of them has arrived.",
                retryAfterSeconds: 5)
        case AdmissionError.backlogFull(let limit):
            self = .rateLimited(
                "\(limit) jobs of this account are waiting already. Try again when some of them have started.",
                retryAfterSeconds: 60)
        case is UsedToken.Spent: self = .tokenSpent
        case AdmissionError.keyTakenOver:
            self = APIError(
                .idempotencyInProgress, "Another request with this Idempotency-Key is under way.",
                headers: [.retryAfter: "1"])
        case AdmissionError.accountDeleted:
            self = APIError(.accountSuspended, "This account was deleted.")
        case AdmissionError.outcomeUnknown:
            self = .transient("The service is busy or restarting. Please try again.", retryAfterSeconds: 2)
        case AdmissionError.notQueued:
            self = .transient("The job could not be queued. Please send it again.", retryAfterSeconds: 2)
        case ReservationError.quotaExceeded(let limit, let overageAllowed):
            self = .quotaExceeded(limit, overageAllowed: overageAllowed)
        case ReservationError.monthClosed:
            self = .transient("The job could not be booked. Please send it again.", retryAfterSeconds: 30)
        case MediaError.overloaded, MediaError.timedOut, MediaError.interrupted:
            self = .transient(
                "The service is too busy to check the file. Try again shortly.", retryAfterSeconds: 5)
        case MediaError.lineShareExhausted:
            self = .rateLimited(
                "Too many files of this account are waiting to be checked. Try again when some of them are done.",
                retryAfterSeconds: 5)
        case let error as StorageError where error.isFull || error.isAway:
            self = .transient("The service cannot take more files just now. Try again later.", retryAfterSeconds: 30)
        case let error as PostgresError where ["22P02", "22P05", "22021"].contains(error.sqlState):
            // Valid text that PostgreSQL cannot store. Only the customer's JSON has not been checked for that before.
            self = .invalidRequest("'metadata' holds something that cannot be stored.", field: "metadata")
        default: return nil
        }
    }
}

extension APIError {
    /// 402. `overageAllowed`: whether the same call with `accept_overage=true` would be accepted and billed.
    static func quotaExceeded(_ limit: QuotaLimit, overageAllowed: Bool) -> APIError {
        let message =
            switch limit {
            case .monthlyMinutes where overageAllowed:
                "The minutes left in this month do not cover the recording. Send it again with ?accept_overage=true to have the rest billed as overage."
            case .monthlyMinutes:
                "The minutes left in this month do not cover the recording. They are renewed on the first of the next month (UTC)."
            case .overageCap:
                "The account's cap on overage does not cover the recording. Raise it with PUT /account/limits, or wait for the next month (UTC)."
            case .keyMinutes:
                "The API key's minutes for this month do not cover the recording. Raise its monthly_minutes, use another key, or wait for the next month (UTC)."
            }
        return APIError(
            .quotaExceeded, message,
            details: ["limit": .text(limit.rawValue), "overage_allowed": .flag(overageAllowed)])
    }
}
