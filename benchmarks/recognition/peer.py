"""The peer: open-asr-server with its faster-whisper backend, as its users run it, on the same model files.

One request with the whole file, word times asked for. It has int8 and a beam of 5 of its own; everything else is its
default, which means no detector of silence, the previous text taken along, one worker, as many threads as the engine
chooses."""

import importlib.metadata
import pathlib
import secrets

from bench.client import Client, Refused
from bench.service import Service, free_port, plain_environment

from .answer import Answer, Word, spread_over
from .material import SoundFile

_PATIENCE = 6 * 3600  # seconds for one answer


class Peer:
    def __init__(self, checkout: pathlib.Path, logs: pathlib.Path) -> None:
        self._environment_folder = checkout / "benchmarks" / ".venv-peer"
        self._model = f"faster-whisper:{checkout / 'inference' / 'models' / 'whisper-base'}"
        self._log = logs / "peer.log"
        self.versions = _versions(self._environment_folder)

    def start(self) -> None:
        key, port = secrets.token_hex(16), free_port()
        environment = plain_environment(
            HF_HUB_OFFLINE="1",
            OPEN_ASR_SERVER_API_KEY=key,
            OPEN_ASR_SERVER_MAX_UPLOAD_BYTES=str(4 * 10**9),  # its default, 25 MiB, is 13 minutes of WAV
        )
        command = [str(self._environment_folder / "bin" / "open-asr-server"), "serve", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--preload", self._model]
        self._client = Client(f"http://127.0.0.1:{port}", key, timeout=_PATIENCE)
        self._service = Service("open-asr-server", command, environment, self._log)
        try:
            self._service.wait(lambda: bool(self._client.get("/v1/models")), patience=120)
        except BaseException:
            self._service.stop()
            raise

    def roots(self) -> dict[str, int]:
        return {"service": self._service.process.pid}

    def transcribe(self, file: SoundFile) -> Answer:
        fields = [("model", self._model), ("response_format", "verbose_json")]
        fields += [("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")]
        try:
            heard = self._client.post_file("/v1/audio/transcriptions", file.path, fields)
        except Refused as error:
            return Answer([], error=error.code)
        words = [Word(word["word"], word["start"], word["end"]) for word in heard.get("words") or []]
        if not words:
            for segment in heard.get("segments") or []:
                words += spread_over(segment["text"], segment["start"], segment["end"])
        return Answer(words, heard.get("language"))

    def stop(self) -> None:
        self._service.stop()


def _versions(folder: pathlib.Path) -> dict[str, str]:
    places = [str(path) for path in folder.glob("lib/python*/site-packages")]
    found = {package.name: package.version for package in importlib.metadata.distributions(path=places)}
    return {f"peer's {name}": found.get(name, "?") for name in ("open-asr-server", "faster-whisper", "ctranslate2")}
