"""Verbatim, as a customer meets it: upload a file, ask until the job has ended, fetch the transcript."""

import datetime
import time

from bench.client import Refused
from bench.deployment import Deployment, RunningVerbatim
from bench.service import ServiceError

from .answer import Answer, Word, spread_over
from .material import SoundFile
from .recordings import Turn

_PAUSE = 0.25  # seconds between questions


class Verbatim:
    def __init__(self, deployment: Deployment, database_pid: int, diarize: bool) -> None:
        self._deployment, self._database_pid, self._diarize = deployment, database_pid, diarize
        self.versions: dict[str, str] = {}
        self._running: RunningVerbatim | None = None

    def start(self) -> None:
        self._running = self._deployment.start()

    def roots(self) -> dict[str, int]:
        """The service with its model server and media tools; and the database, which is part of the deployment."""
        return {"service": self._running.pid, "database": self._database_pid}

    def transcribe(self, file: SoundFile) -> Answer:
        """A job that is refused or fails is an answer with its error. Raises `ServiceError`, `OSError`."""
        client = self._running.client
        try:
            fields = [("diarize", "true" if self._diarize else "false")]
            job = client.post_file("/jobs", file.path, fields)["job_id"]
        except Refused as error:
            return _failed(error.code)
        accepted = time.time()
        while (state := self._ask(f"/jobs/{job}"))["status"] in ("queued", "processing"):
            time.sleep(_PAUSE)
        if state["status"] != "completed":
            return _failed((state["error"] or {}).get("code", state["status"]))
        completed = datetime.datetime.fromisoformat(state["completed_at"].replace("Z", "+00:00")).timestamp()
        return _read(self._ask(f"/jobs/{job}/transcript?format=json"), completed - accepted)

    def stop(self) -> None:
        self._running.stop()

    def _ask(self, path: str) -> dict:
        """Logs in anew where the access token's hour is over."""
        try:
            return self._running.client.get(path)
        except Refused as error:
            if error.status != 401:
                raise ServiceError(f"GET {path.partition('?')[0]} was answered with {error}") from error
        self._running.log_in()
        return self._running.client.get(path)


def _failed(code: str) -> Answer:
    return Answer([], error=code)


def _read(transcript: dict, processing_seconds: float) -> Answer:
    words: list[Word] = []
    for segment in transcript["segments"]:
        timed = [Word(word["text"], word["start"], word["end"], word["speaker"]) for word in segment["words"]]
        if not timed:
            spread = spread_over(segment["text"], segment["start"], segment["end"])
            timed = [Word(word.text, word.start, word.end, segment["speaker"]) for word in spread]
        words += timed
    ran = transcript["diarization"]
    return Answer(
        words,
        transcript["language"],
        diarization=None if ran == "none" else ran,
        turns=_turns(transcript),
        processing_seconds=processing_seconds,
        details={"model": transcript["model"], "speakers": len(transcript["speakers"])},
    )


def _turns(transcript: dict) -> list[Turn] | None:
    turns = transcript.get("turns")
    return None if turns is None else [Turn(turn["speaker"], turn["start"], turn["end"]) for turn in turns]
