"""The operator's options: from the command line, or from the environment for Ray Serve."""

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


def from_environment(environment=os.environ) -> Options:
    return Options(
        model=environment.get("VERBATIM_WHISPER_MODEL") or BUNDLED_MODEL,
        diarization_model=environment.get("VERBATIM_DIARIZATION_MODEL") or "auto",
        workers=int(environment.get("VERBATIM_INFERENCE_WORKERS") or 0),
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = Options()
    parser.add_argument("--model", default=os.environ.get("VERBATIM_WHISPER_MODEL") or default.model)
    parser.add_argument("--name-as", help="the model id to report (default: derived from the model's name)")
    parser.add_argument(
        "--diarization-model",
        default=os.environ.get("VERBATIM_DIARIZATION_MODEL") or default.diarization_model,
        metavar="auto|carried|pyannote|PATH_OR_NAME",
    )
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default=default.device)
    parser.add_argument("--compute-type", choices=["auto", "int8", "float16"], default=default.compute_type)
    parser.add_argument("--workers", type=whole_number, default=default.workers, help="requests at a time (default: one per core)")
    parser.add_argument("--threads", type=whole_number, default=default.threads, help="CPU threads per worker")
    parser.add_argument("--max-body-bytes", type=whole_number, default=default.max_body_bytes)
    parser.add_argument("--max-seconds", type=whole_number, default=default.max_seconds)


def from_arguments(arguments: argparse.Namespace) -> Options:
    return Options(**{name: getattr(arguments, name) for name in Options.__dataclass_fields__})


def whole_number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number
