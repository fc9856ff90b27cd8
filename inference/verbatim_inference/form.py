"""The request's form: reads a multipart body within limits, and checks its fields. Every error is an `APIError`."""

import asyncio
import json
import math
import re
import unicodedata
from typing import BinaryIO

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from . import activity
from . import terms as key_terms
from .audio import RATE
from .errors import APIError, ClientGone, invalid

_READ_TIMEOUT = 30.0  # seconds without a byte
_IN_MEMORY = 8 << 20  # bytes; larger uploads are in an unlinked temporary file


class _Parser(MultiPartParser):
    spool_max_size = _IN_MEMORY


class Form:
    """A context manager that closes the upload at its end."""

    def __init__(self, data: FormData) -> None:
        self._data = data

    @classmethod
    async def read(cls, request: Request, max_bytes: int) -> "Form":
        if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
            raise APIError(415, "unsupported_media_type", "The body must be multipart/form-data.")
        check_declared(request, max_bytes)
        try:
            parser = _Parser(request.headers, _counted(request, max_bytes), max_files=1, max_fields=32)
            return cls(await parser.parse())
        except MultiPartException as error:
            raise invalid("form", "The multipart body is malformed.") from error
        except ClientDisconnect as error:
            raise ClientGone from error

    async def __aenter__(self) -> "Form":
        return self

    async def __aexit__(self, *_) -> None:
        await self._data.close()

    def file(self) -> BinaryIO:
        upload = self._data.get("file")
        if not isinstance(upload, UploadFile):
            raise invalid("file", "The form lacks the part 'file'.")
        if not upload.size:
            raise APIError(400, "empty_audio", "The file is empty.")
        return upload.file

    def text(self, name: str) -> str | None:
        value = self._data.get(name)
        return value.strip() or None if isinstance(value, str) else None

    def texts(self, name: str) -> list[str]:
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    def flag(self, name: str, default: bool) -> bool:
        value = (self.text(name) or str(default)).lower()
        if value not in ("true", "false", "1", "0"):
            raise invalid(name, f"'{name}' must be true or false.")
        return value in ("true", "1")

    def number(self, name: str, default: float, least: float, most: float) -> float:
        try:
            value = float(self.text(name) or default)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise invalid(name, f"'{name}' must be a number from {least:g} to {most:g}.")
        return value

    def whole(self, name: str, least: int, most: int) -> int | None:
        """Returns the number, or None if the field is absent."""
        source = self.text(name)
        if source is None:
            return None
        if not re.fullmatch("[0-9]{1,9}", source) or not least <= int(source) <= most:
            raise invalid(name, f"'{name}' must be a whole number from {least} to {most}.")
        return int(source)

    def spans(self, name: str) -> tuple[activity.Span, ...] | None:
        """Parses `[[start, end], …]`, in seconds and ascending. Joins spans that touch or overlap. Returns None if the field
        is absent."""
        source = self.text(name)
        if source is None:
            return None
        try:
            pairs = [(round(float(start) * RATE), round(float(end) * RATE)) for start, end in json.loads(source)]
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise invalid(name, f"'{name}' must be a JSON list of [start, end] in seconds.") from error
        spans: list[activity.Span] = []
        for start, end in pairs:
            if start < (spans[-1][0] if spans else 0) or end <= start:
                raise invalid(name, f"'{name}' must have ascending spans that are not empty.")
            if spans and start <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            else:
                spans.append((start, end))
        return tuple(spans)


    def listed(self, name: str) -> list[str] | None:
        """Parses a JSON list of texts, or texts separated by commas. Returns None if the field is absent."""
        source = self.text(name)
        if source is None or not source.startswith("["):
            return source.split(",") if source else None
        try:
            listed = json.loads(source)
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, list) or not all(isinstance(text, str) for text in listed):
            raise invalid(name, f"'{name}' must be a JSON list of texts, or texts separated by commas.")
        return listed

    def languages(self, name: str, known: list[str]) -> tuple[str, ...]:
        """Returns nothing if the field is absent."""
        listed = self.listed(name)
        if listed is None:
            return ()
        codes = [code.strip().lower() for code in listed]
        if not codes or not set(codes) <= set(known):
            raise invalid(name, f"'{name}' must have one or more language codes that the model knows.")
        return tuple(dict.fromkeys(codes))

    def terms(self, name: str) -> tuple[str, ...]:
        """Returns key terms, without those that are given twice or have no letter or digit."""
        made = [" ".join(term.split()) for term in self.listed(name) or []]
        if len(made) > key_terms.MOST_TERMS:
            raise invalid(name, f"'{name}' must have at most {key_terms.MOST_TERMS} terms.")
        for number, term in enumerate(made, 1):
            if len(term) > key_terms.MOST_CHARACTERS or len(term.split()) > key_terms.MOST_WORDS:
                most = f"{key_terms.MOST_WORDS} words or {key_terms.MOST_CHARACTERS} characters"
                raise invalid(name, f"Term {number} of '{name}' has more than {most}.")
            # Joiners within words, which some scripts need, are no control characters.
            if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in term):
                raise invalid(name, f"Term {number} of '{name}' has control characters.")
        return tuple(dict.fromkeys(term for term in made if key_terms.plain(term)))


async def read_json(request: Request, max_bytes: int) -> bytes:
    """Returns the body of a JSON request, not yet parsed, because parsing a large one takes long."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        raise APIError(415, "unsupported_media_type", "The body must be application/json.")
    return await read_body(request, max_bytes)


async def read_body(request: Request, max_bytes: int) -> bytes:
    check_declared(request, max_bytes)
    try:
        return b"".join([block async for block in _counted(request, max_bytes)])
    except ClientDisconnect as error:
        raise ClientGone from error


def check_declared(request: Request, max_bytes: int) -> None:
    """Rejects a body that is too large before it is read, if its length is declared."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal():
        raise invalid("content_length", "Content-Length is not a number.")
    if int(declared) > max_bytes:
        raise _too_large(max_bytes)


async def _counted(request: Request, max_bytes: int):
    count = 0
    stream = request.stream()
    while True:
        try:
            block = await asyncio.wait_for(anext(stream), _READ_TIMEOUT)
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise APIError(408, "body_timeout", "The body stopped arriving.", {"Connection": "close"}) from None
        count += len(block)
        if count > max_bytes:
            raise _too_large(max_bytes)
        yield block


def _too_large(max_bytes: int) -> APIError:
    message = f"The body is larger than {max_bytes} bytes."
    return APIError(413, "file_too_large", message, {"Connection": "close"})
