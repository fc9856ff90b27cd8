"""The service behind the routes: the models and the work pool. A thread loads the models while the application already
answers."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from starlette.requests import Request

from . import audio, logs
from .diarization import loading
from .errors import APIError
from .form import Form
from .model import Model, ModelError, load
from .options import Options
from .pool import Stop, WorkPool

Result = TypeVar("Result")


class Service:
    def __init__(self, options: Options, on_failure: Callable[[str], None]) -> None:
        """If a model cannot be loaded, calls `on_failure` on the loading thread, with one line for the operator."""
        self.options = options
        self.pool = WorkPool(options.worker_count())
        self.model: Model | None = None
        self.diarizer: loading.Diarizer | None = None
        self._on_failure = on_failure

    def start(self) -> None:
        threading.Thread(target=self._load, name="load", daemon=True).start()

    def ready_model(self) -> Model:
        if self.model is None:
            raise APIError(503, "model_loading", "The model is still loading.", {"Retry-After": "1"})
        return self.model

    def ready_diarizer(self) -> loading.Diarizer:
        self.ready_model()
        if self.diarizer is None:
            raise APIError(503, "model_loading", "The model is still loading.", {"Retry-After": "1"})
        return self.diarizer

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

    def _load(self) -> None:
        begun = time.monotonic()
        try:
            self.diarizer = loading.load(self.options)
            self.model = load(self.options)  # last, because the server counts as ready once it is set
        except ModelError as error:
            self._on_failure(str(error))
        except Exception as error:
            logs.failure("load_failed", error)
            self._on_failure(f"the model cannot be loaded ({type(error).__name__})")
        else:
            seconds = round(time.monotonic() - begun, 2)
            logs.event("model_loaded", model=self.model.id, device=self.model.device, seconds=seconds)
