"""Runs in the model server's environment: the bare engine, used as its own documentation shows.

`transcribe.py MODEL WORKERS` loads the model and says `{"ready":true,"versions":{…}}`. Then each line of standard input
is a JSON list of files, worked on at the same time, a thread each; each line of standard output answers with a list of
`{"seconds","speech_seconds","language","words":[[text, start, end]]}`. Ends with its standard input.

Its settings: int8, one CPU thread a worker, a beam of 5, word times, the language detected, no previous text, silence left out by the detector first."""

import os

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # as the model server, before numpy comes

import importlib.metadata
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import faster_whisper


def main() -> None:
    model, workers = sys.argv[1], int(sys.argv[2])
    whisper = faster_whisper.WhisperModel(
        model, device="cpu", compute_type="int8", cpu_threads=1, num_workers=workers, local_files_only=True
    )
    versions = {name: importlib.metadata.version(name) for name in ("faster-whisper", "ctranslate2")}
    _say({"ready": True, "versions": versions})
    with ThreadPoolExecutor(workers) as pool:
        for line in sys.stdin:
            _say(list(pool.map(lambda file: _transcribe(whisper, file), json.loads(line))))


def _transcribe(whisper: faster_whisper.WhisperModel, file: str) -> dict:
    begun = time.monotonic()
    segments, information = whisper.transcribe(
        file, beam_size=5, word_timestamps=True, condition_on_previous_text=False, vad_filter=True
    )
    words = [[word.word, float(word.start), float(word.end)] for segment in segments for word in segment.words or ()]
    return {
        "seconds": time.monotonic() - begun,
        "speech_seconds": information.duration_after_vad,
        "language": information.language,
        "words": words,
    }


def _say(answer) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
