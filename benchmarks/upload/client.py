"""curl, as customers use it: a form with one file, or many of them at once from one process."""

import json
import pathlib
from dataclasses import dataclass

from bench.program import Ended, run
from bench.service import ServiceError


@dataclass(frozen=True)
class Upload:
    url: str
    token: str
    file: pathlib.Path


def send(uploads: list[Upload], folder: pathlib.Path) -> tuple[Ended, list[dict]]:
    """All of them at once; the answers, in no particular order. `folder`: empty, for what curl reads and writes.

    Raises `ServiceError` unless each is answered with 202."""
    config = folder / "curl.config"
    config.touch(0o600)  # Tokens are not for the command line.
    config.write_text("\nnext\n".join(_one(number, upload, folder) for number, upload in enumerate(uploads)), "utf-8")
    command = ["curl", "-q", "--config", str(config)]
    if len(uploads) > 1:
        command += ["--parallel", "--parallel-immediate", "--parallel-max", str(len(uploads)), "--no-progress-meter"]
    ended = run(command, patience=1800)
    check(ended.output.split(), len(uploads))
    return ended, [json.loads(path.read_text("utf-8")) for path in folder.glob("answer-*")]


def check(statuses: list[str], count: int) -> None:
    refused = sorted({status for status in statuses if status != "202"})
    if refused or len(statuses) != count:
        raise ServiceError(
            f"{statuses.count('202')} of {count} uploads were accepted{f', others answered with {refused}' if refused else ''}"
        )


def _one(number: int, upload: Upload, folder: pathlib.Path) -> str:
    return "\n".join(
        [
            f'url = "{upload.url}"',
            f'header = "Authorization: Bearer {upload.token}"',
            f'form = "file=@\\"{upload.file}\\""',  # quoted twice, for paths with commas
            f'output = "{folder}/answer-{number}"',
            'write-out = "%{http_code}\\n"',
            'noproxy = "*"',
            "silent",
            "show-error",
            "http1.1",
        ]
    )
