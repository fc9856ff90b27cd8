"""The errors that clients get, in OpenAI's format. They never contain the text of an exception."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from . import logs


class APIError(Exception):
    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None):
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers

    def response(self) -> JSONResponse:
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        body = {"error": {"message": self.message, "type": kind, "code": self.code}}
        return JSONResponse(body, self.status, self.headers)


def invalid(field: str, message: str) -> APIError:
    return APIError(400, f"invalid_{field}", message)


def busy(message: str) -> APIError:
    return APIError(503, "overloaded", message, {"Retry-After": "1"})


def loading() -> APIError:
    return APIError(503, "model_loading", "The model is still loading.", {"Retry-After": "1"})


class ClientGone(Exception):
    """The client has closed its connection. Its work has stopped, and nobody reads the answer."""


async def answer_api_error(_: Request, error: APIError) -> JSONResponse:
    return error.response()


async def answer_http_exception(_: Request, error: HTTPException) -> JSONResponse:
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    return APIError(error.status_code, code, str(error.detail), dict(error.headers or {})).response()


async def answer_client_gone(_: Request, __: ClientGone) -> JSONResponse:
    return APIError(499, "client_closed_request", "The client closed the connection.").response()


async def answer_unknown(_: Request, error: Exception) -> JSONResponse:
    logs.failure("request_failed", error)
    return APIError(500, "internal_error", "The request failed because of an internal error.").response()


HANDLERS = {
    APIError: answer_api_error,
    HTTPException: answer_http_exception,
    ClientGone: answer_client_gone,
    Exception: answer_unknown,
}
