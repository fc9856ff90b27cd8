"""The Whisper model: its name, the device that it runs on, and how it is loaded."""

import logging
import os
import pathlib
import re
from dataclasses import dataclass

from .options import Options


_BATCHES = {"cpu": 3, "cuda": 8}
"""Windows at a time, if the operator does not say. On a CPU, more gain little and take memory."""


class ModelError(Exception):
    """The model cannot be loaded; the text is one line for the operator."""


@dataclass(frozen=True)
class Model:
    id: str
    """The name in transcripts: `whisper_base`, `whisper_large_v3`; derived from what was loaded."""
    whisper: object
    """A `faster_whisper.WhisperModel`, which several threads can use."""
    device: str
    compute_type: str
    batch_size: int = 1
    """Number of windows of a request that are recognized together; of windows that are not full, so many more."""

    @property
    def is_multilingual(self) -> bool:
        return self.whisper.model.is_multilingual

    @property
    def languages(self) -> list[str]:
        return self.whisper.supported_languages


def model_id(name: str) -> str:
    """Returns the id for a model's name or path. `large-v3`, `Systran/faster-whisper-large-v3` and
    `/models/whisper-large-v3/` are all `whisper_large_v3`."""
    path = pathlib.PurePath(name)
    if path.parent.name == "snapshots":  # in the hub's cache: models--ORG--NAME/snapshots/REVISION
        path = pathlib.PurePath(path.parent.parent.name.rpartition("--")[2])
    words = re.findall(r"[a-z0-9]+", path.name.lower())
    words = [word for word in words if word not in ("faster", "whisper", "ct2", "openai")]
    return "_".join(["whisper", *words])


def check(options: Options) -> None:
    """Checks what can be checked at once, before the server listens. Raises `ModelError`."""
    name = options.model
    directory = pathlib.Path(name)
    if directory.is_dir():
        missing = [file for file in ("model.bin", "config.json", "tokenizer.json") if not (directory / file).exists()]
        if missing:
            raise ModelError(f"the model directory {name} lacks {', '.join(missing)}")
    elif name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(f"the model directory {name} does not exist")


def load(options: Options) -> Model:
    """Loads the model. Takes seconds, or longer if a model of the hub must be downloaded. Raises `ModelError`."""
    import ctranslate2
    import faster_whisper

    ctranslate2.set_log_level(logging.ERROR)
    try:
        gpus = ctranslate2.get_cuda_device_count() if options.device != "cpu" else 0
    except RuntimeError:  # the driver does not answer
        gpus = 0
    if options.device == "cuda" and not gpus:
        raise ModelError("no CUDA device was found; use --device auto or cpu")
    device = "cuda" if gpus else "cpu"
    compute_type = options.compute_type
    if compute_type == "auto":
        compute_type = "float16" if gpus else "int8"
    try:
        whisper = faster_whisper.WhisperModel(
            options.model,
            device=device,
            device_index=list(range(gpus)) if gpus else 0,
            compute_type=compute_type,
            cpu_threads=options.threads,
            num_workers=options.worker_count(),
            local_files_only=os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "on", "yes", "true"),
        )
    except Exception as error:  # the hub, the file system and CTranslate2 each raise their own types
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise ModelError(f"the model {options.model} cannot be loaded: {reason}") from error
    return Model(options.name_as or model_id(options.model), whisper, device, compute_type, options.batch_size or _BATCHES[device])
