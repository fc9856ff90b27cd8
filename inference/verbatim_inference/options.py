"""What the operator chooses: the command line's options, and the same from the environment for Ray Serve."""

import argparse
import math
import os
import pathlib
from dataclasses import dataclass

BUNDLED_MODEL = str(pathlib.Path(__file__).resolve().parent.parent / "models" / "whisper-base")


@dataclass(frozen=True)
class Options:
    model: str = BUNDLED_MODEL
    """A directory with a CTranslate2 Whisper model, or a name that the Hugging Face hub knows."""
    name_as: str | None = None
    """The id to report in place of the one derived from the model's name."""
    diarization_model: str = "auto"
    """`auto`: pyannote.audio where it is installed with its weights, else the carried models; `carried`; `pyannote`;
    or a pipeline of pyannote.audio by its path or name."""
    device: str = "auto"
    compute_type: str = "auto"
    workers: int = 0
    """Pieces that are worked on at a time; 0: one a core."""
    threads: int = 1
    """CPU threads a worker. Parallel pieces are faster than parallel threads."""
    max_body_bytes: int = 512_000_000
    max_seconds: int = 3600
    """The longest audio in one request, once decoded: bounds memory (about 1.5 GB at one hour)."""

    def worker_count(self) -> int:
        return self.workers or cores()


def cores() -> int:
    """The cores that this process may use, a container's CPU quota included."""
    count = len(os.sched_getaffinity(0))
    try:
        quota, period = pathlib.Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):  # no cgroup v2, or "max": no quota
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
    parser.add_argument("--workers", type=whole_number, default=default.workers, help="default: one a core")
    parser.add_argument("--threads", type=whole_number, default=default.threads, help="CPU threads a worker")
    parser.add_argument("--max-body-bytes", type=whole_number, default=default.max_body_bytes)
    parser.add_argument("--max-seconds", type=whole_number, default=default.max_seconds)


def from_arguments(arguments: argparse.Namespace) -> Options:
    return Options(**{name: getattr(arguments, name) for name in Options.__dataclass_fields__})


def whole_number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number
