"""The service behind the routes: the models and the work pool.

The ordinary server loads all models, on a thread, while the application already answers. A replica on Ray Serve has one part of the
work, so it loads only the models of that part, and before it gets requests."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from starlette.requests import Request

from . import audio, logs
from .diarization import loading
from .errors import loading as still_loading
from .form import Form
from .model import Model, ModelError, load
from .options import Options
from .pool import Stop, WorkPool

Result = TypeVar("Result")

RECOGNIZER, DIARIZER = "recognizer", "diarizer"
ALL_MODELS = frozenset({RECOGNIZER, DIARIZER})


class Service:
    def __init__(self, options: Options, models: frozenset[str] = ALL_MODELS) -> None:
        """`models` are those to load."""
        self.options = options
        self._models = models
        self.pool = WorkPool(options.worker_count())
        self.model: Model | None = None
        self.diarizer: loading.Diarizer | None = None
        self.is_ready = False

    def start(self, on_failure: Callable[[str], None]) -> None:
        """Loads the models on a thread. If one cannot be loaded, calls `on_failure` there, with one line for the operator."""

        def load() -> None:
            try:
                self.load()
            except ModelError as error:
                on_failure(str(error))

        threading.Thread(target=load, name="load", daemon=True).start()

    def load(self) -> None:
        """Raises `ModelError`."""
        begun = time.monotonic()
        try:
            if DIARIZER in self._models:
                self.diarizer = loading.load(self.options)
            if RECOGNIZER in self._models:
                self.model = load(self.options)
        except ModelError:
            raise
        except Exception as error:
            logs.failure("load_failed", error)
            raise ModelError(f"the model cannot be loaded ({type(error).__name__})") from error
        self.is_ready = True
        seconds = round(time.monotonic() - begun, 2)
        logs.event("model_loaded", **self.facts(), seconds=seconds)

    def ready_model(self) -> Model:
        if not self.is_ready or self.model is None:
            raise still_loading()
        return self.model

    def ready_diarizer(self) -> loading.Diarizer:
        if not self.is_ready or self.diarizer is None:
            raise still_loading()
        return self.diarizer

    def facts(self) -> dict:
        """Returns what `/health` says of the loaded models."""
        facts = {}
        if self.model is not None:
            model = self.model
            facts = {"model": model.id, "models": [model.id], "device": model.device, "compute_type": model.compute_type}
        if self.diarizer is not None:
            seconds = min(self.diarizer.section_seconds, self.options.max_seconds)
            facts["diarization"] = {"model": self.diarizer.model, "section_seconds": seconds}
        return facts

    async def run(
        self, request: Request, form: Form, task: Callable[[np.ndarray, Stop], Result], is_look: bool = False
    ) -> Result:
        """Decodes the form's file and passes its samples to `task`, both on a thread of the pool."""
        file = form.file()

        def work(stop: Stop) -> Result:
            samples = audio.read(file, self.options.max_seconds)
            request.scope["audio_seconds"] = samples.size / audio.RATE  # for the log
            stop.check()
            return task(samples, stop)

        return await self.pool.run(request, work, is_look)
