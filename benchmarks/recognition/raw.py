"""The yardstick: the bare engine in a process of its own (engine/transcribe.py), loaded before anything is measured.

`raw-whole` has one worker and the whole file; `raw-halves` two workers and half of the file each, which is the floor
for whatever is built around this engine on two cores."""

import json
import pathlib
import subprocess

from bench import processes
from bench.service import ServiceError

from .answer import Answer, Word
from .material import SoundFile, engine_environment


class RawEngine:
    def __init__(self, checkout: pathlib.Path, logs: pathlib.Path, workers: int) -> None:
        self._checkout, self._log, self._workers = checkout, logs / "raw.log", workers
        self.versions: dict[str, str] = {}

    def start(self) -> None:
        python, environment = engine_environment(self._checkout)
        model = self._checkout / "inference" / "models" / "whisper-base"
        command = [python, str(self._checkout / "benchmarks" / "engine" / "transcribe.py"), str(model)]
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [*command, str(self._workers)],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.versions = self._heard()["versions"]

    def roots(self) -> dict[str, int]:
        return {"engine": self._process.pid}

    def transcribe(self, file: SoundFile) -> Answer:
        """Raises `ServiceError`."""
        parts = file.parts if self._workers > 1 else [(file.path, 0.0)]
        self._process.stdin.write(json.dumps([str(path) for path, _ in parts]) + "\n")
        self._process.stdin.flush()
        heard = self._heard()
        words = [
            Word(text, start + offset, end + offset)
            for (_, offset), part in zip(parts, heard)
            for text, start, end in part["words"]
        ]
        details = {
            "part_seconds": [part["seconds"] for part in heard],
            "speech_seconds": sum(part["speech_seconds"] for part in heard),
        }
        seconds = max(part["seconds"] for part in heard)
        return Answer(words, heard[0]["language"], processing_seconds=seconds, details=details)

    def stop(self) -> None:
        processes.stop(self._process, patience=5)
        self._process.stdin.close()
        self._process.stdout.close()

    def _heard(self):
        line = self._process.stdout.readline()
        if not line:
            raise ServiceError(f"the bare engine ended (log: {self._log})")
        return json.loads(line)
