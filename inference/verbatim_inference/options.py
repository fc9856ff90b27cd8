"""The operator's options: from the command line, or from the environment. Replicas on Ray Serve only have the environment."""

import argparse
import math
import os
import pathlib
from dataclasses import dataclass

BUNDLED_MODEL = str(pathlib.Path(__file__).resolve().parent.parent / "models" / "whisper-base")


@dataclass(frozen=True)
class Options:
    model: str = BUNDLED_MODEL
    """A folder with a CTranslate2 Whisper model, or a name on the Hugging Face hub."""
    name_as: str | None = None
    """The id to report instead of the one derived from the model's name."""
    diarization_model: str = "auto"
    """`auto`: pyannote.audio if it is installed with its weights, else the bundled models; `carried`: the bundled models;
    `pyannote`; or a pipeline of pyannote.audio, by its path or name."""
    device: str = "auto"
    compute_type: str = "auto"
    workers: int = 0
    """Number of requests that are processed at a time; 0: one per core."""
    threads: int = 1
    """CPU threads per worker. Parallel requests are faster than parallel threads."""
    batch_size: int = 0
    """Number of windows of one request that the model recognizes together; 0: 3 on a CPU, 8 on a GPU."""
    max_body_bytes: int = 512_000_000
    max_seconds: int = 3600
    """The longest decoded audio in a request. It limits memory (about 1.5 GB for one hour)."""

    def worker_count(self) -> int:
        return self.workers or cores()


def cores() -> int:
    """Returns the number of cores that this process may use. A container's CPU quota counts."""
    count = len(os.sched_getaffinity(0))
    try:
        quota, period = pathlib.Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):  # no cgroup v2, or "max", which means no quota
        pass
    return max(1, count)


class OptionsError(Exception):
    """An environment variable has no valid value; the text is one line for the operator."""


_DEVICES = ["auto", "cpu", "cuda"]
_COMPUTE_TYPES = ["auto", "int8", "float16", "int8_float16"]


def from_environment(environment=os.environ) -> Options:
    """Raises `OptionsError`."""
    default = Options()

    def text(name: str, otherwise: str, choices: list[str] | None = None) -> str:
        value = environment.get(name) or otherwise
        if choices and value not in choices:
            raise OptionsError(f"{name} must be one of {', '.join(choices)}")
        return value

    def number(name: str, otherwise: int) -> int:
        try:
            return whole_number(environment.get(name) or str(otherwise))
        except (ValueError, argparse.ArgumentTypeError):
            raise OptionsError(f"{name} must be a whole number") from None

    return Options(
        model=text("VERBATIM_WHISPER_MODEL", default.model),
        name_as=environment.get("VERBATIM_INFERENCE_NAME_AS") or None,
        diarization_model=text("VERBATIM_DIARIZATION_MODEL", default.diarization_model),
        device=text("VERBATIM_INFERENCE_DEVICE", default.device, _DEVICES),
        compute_type=text("VERBATIM_INFERENCE_COMPUTE_TYPE", default.compute_type, _COMPUTE_TYPES),
        workers=number("VERBATIM_INFERENCE_WORKERS", default.workers),
        threads=number("VERBATIM_INFERENCE_THREADS", default.threads),
        batch_size=number("VERBATIM_INFERENCE_BATCH_SIZE", default.batch_size),
        max_body_bytes=number("VERBATIM_INFERENCE_MAX_BODY_BYTES", default.max_body_bytes),
        max_seconds=number("VERBATIM_INFERENCE_MAX_SECONDS", default.max_seconds),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = from_environment()
    parser.add_argument("--model", default=default.model)
    parser.add_argument("--name-as", default=default.name_as, help="the model id to report (default: derived from the model's name)")
    parser.add_argument(
        "--diarization-model",
        default=default.diarization_model,
        metavar="auto|carried|pyannote|PATH_OR_NAME",
    )
    parser.add_argument("--device", choices=_DEVICES, default=default.device)
    parser.add_argument("--compute-type", choices=_COMPUTE_TYPES, default=default.compute_type)
    parser.add_argument("--workers", type=whole_number, default=default.workers, help="requests at a time (default: one per core)")
    parser.add_argument("--threads", type=whole_number, default=default.threads, help="CPU threads per worker")
    parser.add_argument("--batch-size", type=whole_number, default=default.batch_size, help="windows of a request at a time (default: 3 on a CPU, 8 on a GPU)")
    parser.add_argument("--max-body-bytes", type=whole_number, default=default.max_body_bytes)
    parser.add_argument("--max-seconds", type=whole_number, default=default.max_seconds)


def from_arguments(arguments: argparse.Namespace) -> Options:
    return Options(**{name: getattr(arguments, name) for name in Options.__dataclass_fields__})


def whole_number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number
