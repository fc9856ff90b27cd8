import HTTPTypes
import Hummingbird
import Logging
import Postgres

/// The only place where a thrown error becomes an answer.
///
/// `APIError` is answered as it is; Hummingbird's own errors take the same shape; a cancelled handler and a database that doesn't answer
/// become 503; anything else is logged once with the request's id and answered with an opaque 500. An address that exists under another
/// method answers 405 with `Allow`, and `OPTIONS` on it 204 with `Allow`.
package struct ErrorMiddleware<Context: ConnectionContext>: RouterMiddleware {
    private let style: ProblemStyle
    private let methods: AllowedMethods

    package init(style: ProblemStyle, methods: AllowedMethods) {
        self.style = style
        self.methods = methods
    }

    package func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            // RFC 9110, 9.3.7: a question about the server as a whole.
            if request.method == .options, request.head.path == "*" { return Response(status: .noContent) }
            if request.method == .options, let allow = unrouted(context) ? methods.allow(request.uri.path) : nil {
                return Response(status: .noContent, headers: [.allow: "\(allow), OPTIONS"])
            }
            let response = style.response(
                translate(error, request: request, context: context), requestID: context.requestID)
            return request.method == .head ? response.createHeadResponse() : response
        }
    }

    private func translate(_ error: any Error, request: Request, context: Context) -> APIError {
        switch error {
        case let error as APIError:
            return error
        case let error as RequestInterruption:
            return error.answer
        case let error as HTTPError:
            return translate(error.status, message: error.body, headers: error.headers, request, context)
        case let error as any HTTPResponseError:
            return translate(error.status, message: nil, headers: [:], request, context)
        case let error as PostgresError where error.isUnavailable || error.isCongestion:
            context.logger.failure("The database is busy", error, level: .warning)
            return .transient("The service is busy or restarting. Please try again.", retryAfterSeconds: 2)
        case is CancellationError:
            return .transient("The service is restarting. Please try again.", retryAfterSeconds: 5)
        default:
            // The type is named in addition to the text because many errors describe themselves without it.
            context.logger.error(
                "Unexpected error",
                metadata: [
                    "error_type": "\(type(of: error))", "error": "\(String(describing: error).prefix(1_000))",
                ])
            return .internalError
        }
    }

    /// Translates Hummingbird's own errors, by status. A status for which the API has no code becomes `invalid_request`.
    private func translate(
        _ status: HTTPResponse.Status, message: String?, headers: HTTPFields, _ request: Request, _ context: Context
    ) -> APIError {
        switch status.code {
        case 404:
            if unrouted(context), let allow = methods.allow(request.uri.path) { return .methodNotAllowed(allow: allow) }
            return .notFound(message ?? APIError.notFound().message)
        case 401: return APIError(.invalidToken, message ?? "Please authenticate.", headers: headers)
        case 405: return APIError(.methodNotAllowed, message ?? "This method does not work here.", headers: headers)
        case 413: return APIError(.requestTooLarge, message ?? "The request's body is too large.", headers: headers)
        case 415: return .unsupportedMediaType(message ?? "The request's content type does not work here.")
        case 429: return APIError(.rateLimited, message ?? "Too many requests.", headers: headers)
        case 400..<500: return APIError(.invalidRequest, message ?? "The request is not valid.", headers: headers)
        case 503: return APIError(.transientError, "Please try again in a moment.", headers: headers)
        default: return .internalError
        }
    }

    /// Whether no route took the request. Hummingbird then calls the endpoint `NotFound`.
    private func unrouted(_ context: Context) -> Bool { context.endpointPath == "NotFound" }
}
