"""The HTTP application: its routes and the fields of their forms.

Until the model is loaded, every route but `/health` answers 503. Errors are sent as OpenAI's error object, never as a
traceback."""

import contextlib
from collections.abc import Callable

import numpy as np
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import VERSION, activity, languages, recognition
from .audio import RATE
from .diarization import clustering, wire
from .errors import HANDLERS, APIError, invalid
from .form import Form, read_json
from .formats import FORMATS
from .middleware import RequestLog
from .model import Model
from .options import Options
from .pool import Stop
from .service import Service


def create_app(options: Options, on_failure: Callable[[str], None]) -> Starlette:
    """If the model cannot be loaded, calls `on_failure` on another thread, with one line for the operator."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette):
        service.start(on_failure)
        yield
        service.pool.close()

    service = Service(options)
    return application(service, lifespan)


def application(service: Service, lifespan=None) -> Starlette:
    routes = [
        Route("/health", health),
        Route("/v1/models", models),
        Route("/v1/audio/transcriptions", transcriptions, methods=["POST"]),
        Route("/v1/audio/speech-activity", speech_activity, methods=["POST"]),
        Route("/v1/audio/languages", detect_language, methods=["POST"]),
        Route("/v1/audio/speaker-tracks", speaker_tracks, methods=["POST"]),
        Route("/v1/speakers", speakers, methods=["POST"]),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=HANDLERS, middleware=[Middleware(RequestLog)])
    app.state.service = service
    return app


async def health(request: Request) -> Response:
    service: Service = request.app.state.service
    pool = service.pool
    return health_response(service.facts() if service.is_ready else None, pool.workers, pool.running, pool.admitted)


def health_response(facts: dict | None, workers: int, running: int, admitted: int) -> Response:
    busy = {"workers": workers, "running": running, "admitted": admitted, "version": VERSION}
    if facts is None:
        return JSONResponse({"status": "loading", **busy}, 503, {"Retry-After": "1"})
    return JSONResponse({"status": "ok", **facts, **busy})


async def models(request: Request) -> Response:
    return models_response(request.app.state.service.ready_model().id)


def models_response(model: str) -> Response:
    entry = {"id": model, "object": "model", "created": 0, "owned_by": "verbatim"}
    return JSONResponse({"object": "list", "data": [entry]})


async def transcriptions(request: Request) -> Response:
    service: Service = request.app.state.service
    model = service.ready_model()
    with service.pool.admission():
        async with await Form.read(request, service.options.max_body_bytes) as form:
            render = _format(form)
            wanted = _recognition(form, service.options, model)
            answer = await service.run(
                request, form, lambda samples, stop: recognition.recognize(model, samples, wanted, stop)
            )
            return render(answer)


async def speech_activity(request: Request) -> Response:
    service: Service = request.app.state.service
    service.ready_model()
    with service.pool.admission():
        async with await Form.read(request, service.options.max_body_bytes) as form:
            settings = activity.Settings(
                threshold=form.number("threshold", 0.5, 0.05, 0.95),
                min_silence_ms=int(form.number("min_silence_ms", 500, 0, 60_000)),
                min_speech_ms=int(form.number("min_speech_ms", 0, 0, 60_000)),
                speech_pad_ms=int(form.number("speech_pad_ms", 100, 0, 5_000)),
            )
            answer = await service.run(request, form, lambda samples, _: activity.report(samples, settings), is_look=True)
            return JSONResponse(answer)


async def detect_language(request: Request) -> Response:
    service: Service = request.app.state.service
    model = service.ready_model()
    with service.pool.admission():
        async with await Form.read(request, service.options.max_body_bytes) as form:
            allowed = form.languages("languages", model.languages)

            def work(samples: np.ndarray, stop: Stop) -> dict:
                return languages.detect(model, samples, allowed, stop)

            answer = await service.run(request, form, work, is_look=True)
            return JSONResponse(answer)


async def speaker_tracks(request: Request) -> Response:
    service: Service = request.app.state.service
    diarizer = service.ready_diarizer()
    with service.pool.admission():
        async with await Form.read(request, service.options.max_body_bytes) as form:
            speech = form.spans("speech")
            expected = wire.count(lambda name: form.whole(name, 1, wire.MAX_SPEAKERS))

            def work(samples: np.ndarray, stop: Stop) -> dict:
                tracks = diarizer.tracks(samples, speech, expected, stop)
                return wire.rendered(diarizer.model, samples.size / RATE, tracks)

            return JSONResponse(await service.run(request, form, work))


async def speakers(request: Request) -> Response:
    service: Service = request.app.state.service
    diarizer = service.ready_diarizer()
    with service.pool.admission():
        body = await read_json(request, wire.MAX_BODY)

        def work(stop: Stop) -> dict:
            tracks, rows, expected = wire.parse(body)
            stop.check()
            labels = clustering.label(tracks, expected, diarizer.clustering)
            return {"labels": [None if row is None else int(labels[row]) for row in rows]}

        return JSONResponse(await service.pool.run(request, work))


def _format(form: Form) -> Callable[[dict], Response]:
    name = form.text("response_format") or "json"
    if name not in FORMATS:
        raise invalid("response_format", f"'response_format' must be one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def _recognition(form: Form, options: Options, model: Model) -> recognition.Request:
    if (form.text("model") or model.id) not in (model.id, "whisper-1", options.model):
        raise APIError(404, "model_not_found", "This server does not have the model; see /v1/models.")
    language = (form.text("language") or "auto").lower()
    if language != "auto" and language not in model.languages:
        raise invalid("language", "'language' must be a language code that the model knows, or auto.")
    granularities = form.texts("timestamp_granularities[]") + form.texts("timestamp_granularities")
    if not set(granularities) <= {"word", "segment"}:
        raise invalid("timestamp_granularities", "'timestamp_granularities[]' must be word or segment.")
    temperature = form.number("temperature", 0, 0, 1)
    return recognition.Request(
        language=None if language == "auto" else language,
        beam_size=int(form.number("beam_size", 5, 1, 10)),
        temperatures=(temperature,) if temperature else recognition.FALLBACK_TEMPERATURES,
        words="word" in granularities,
        prompt=form.text("prompt"),
        condition_on_previous_text=form.flag("condition_on_previous_text", False),
        vad_filter=form.flag("vad_filter", True),
        speech=form.spans("speech"),
        terms=form.terms("hotwords"),
    )
