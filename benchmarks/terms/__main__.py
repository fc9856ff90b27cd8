"""What scripts/bench terms starts, in the model server's environment: recognition without and with key terms.

Prints tables on standard output, writes raw results. Exit 1 with one sentence on standard error where something fails."""

import argparse
import datetime
import json
import pathlib
import sys
import tempfile
import time
from dataclasses import dataclass

import numpy as np
from bench import machine
from bench.table import Table
from verbatim_inference import activity, model, options, recognition
from verbatim_inference.pool import Stop

from . import scores, sounds
from .sentences import SAID, SENTENCES, UNSAID

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
MANY = [term for pair in zip(SAID, UNSAID) for term in pair] + UNSAID[len(SAID) :]

CASES = {
    "no terms": [],
    "1 term, said": SAID[:1],
    "20 terms, 10 said": [term for pair in zip(SAID[:20:2], UNSAID[:20:2]) for term in pair],
    f"{len(MANY)} terms, {len(SAID)} said": MANY,
    f"{len(UNSAID)} terms, none said": UNSAID,
}


@dataclass(frozen=True)
class Heard:
    text: str
    seconds: float
    """CPU."""


def _hear(engine: model.Model, samples: np.ndarray, terms: list[str], vad: bool = True) -> Heard:
    request = recognition.Request(language="en", words=True, vad_filter=vad, terms=tuple(terms))
    begun = time.process_time()
    answer = recognition.recognize(engine, samples, request, Stop())
    return Heard(answer["text"], time.process_time() - begun)


def _hear_hinted(engine: model.Model, samples: np.ndarray, terms: list[str]) -> Heard:
    """The yardstick: faster-whisper's own `hotwords`, in each window, without a guard."""
    begun = time.process_time()
    speech = activity.joined(samples, activity.find(samples, activity.Settings()))
    segments, _ = engine.whisper.transcribe(
        speech, language="en", word_timestamps=True, condition_on_previous_text=False, hotwords=", ".join(terms)
    )
    return Heard("".join(segment.text for segment in segments), time.process_time() - begun)


def main() -> int:
    parser = argparse.ArgumentParser(prog="terms", description="started by scripts/bench terms, which checks the options")
    parser.add_argument("--voices", type=int, required=True)
    parser.add_argument("--data", type=pathlib.Path)
    arguments = parser.parse_args()
    begun = datetime.datetime.now(datetime.timezone.utc)
    results = CHECKOUT / "benchmarks" / "results" / begun.strftime("terms-%Y%m%dT%H%M%SZ")
    results.mkdir(parents=True)

    def log(**record) -> None:
        with open(results / "measurements.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")

    engine = model.load(options.Options(workers=1, threads=1))
    try:
        with tempfile.TemporaryDirectory() as folder:
            recordings = {
                voice: sounds.spoken(SENTENCES, voice, pathlib.Path(folder)) for voice in sounds.VOICES[: arguments.voices]
            }
    except sounds.SoundError as error:
        print(f"scripts/bench: {error}", file=sys.stderr)
        return 1
    seconds = sum(samples.size for samples in recordings.values()) / sounds.RATE
    print(f"{machine.sentence(machine.describe(1))}\n", flush=True)
    print(f"{engine.id}, {begun.date()}, commit {machine.commit(CHECKOUT)}; {seconds:.0f} s of sentences in {len(recordings)} voices\n")
    print(_said(engine, recordings, seconds, log).markdown() + "\n", flush=True)
    print(_unsaid(engine, log).markdown() + "\n", flush=True)
    if arguments.data:
        print(_people(engine, arguments.data, log).markdown() + "\n", flush=True)
    print(f"raw results: {results.relative_to(CHECKOUT)}", file=sys.stderr)
    return 0


def _said(engine: model.Model, recordings: dict[str, np.ndarray], seconds: float, log) -> Table:
    head = ["sentences with a term", "found", "invented", "WER of all other words", "CPU-s per s", "CPU ÷ no terms"]
    rows, plain = [], 0.0
    hinted = list(CASES)[2:4]
    for name, hear in [(name, _hear) for name in CASES] + [(name, _hear_hinted) for name in hinted]:
        found = invented = words = errors = 0
        spent = 0.0
        for voice, samples in recordings.items():
            heard = hear(engine, samples, CASES[name])
            score = scores.score(SENTENCES, heard.text, MANY)
            log(case=name, hinted=hear is _hear_hinted, voice=voice, text=heard.text, cpu=heard.seconds, invented=score.invented)
            found, invented = found + score.found, invented + len(score.invented)
            words, errors, spent = words + score.other_words, errors + score.other_errors, spent + heard.seconds
        plain = plain or spent
        label = name if hear is _hear else f"{name}, as a hint in each window"
        total = len(SAID) * len(recordings)
        rows.append(
            [label, f"{found} of {total}", str(invented), f"{errors / words:.4f}", f"{spent / seconds:.3f}", f"{spent / plain:.2f}"]
        )
    return Table(head, rows)


def _unsaid(engine: model.Model, log) -> Table:
    rows = []
    for name, samples in sounds.without_speech(60).items():
        cells = [name]
        for terms in ([], MANY):
            for vad in (True, False):
                heard = _hear(engine, samples, terms, vad)
                log(case=name, terms=len(terms), vad=vad, text=heard.text, cpu=heard.seconds)
                cells.append(f"{len(heard.text.split())}")
        rows.append(cells)
    head = ["words in 60 s without speech", "no terms", "no detector", f"{len(MANY)} terms", f"{len(MANY)} terms, no detector"]
    return Table(head, rows)


def _people(engine: model.Model, data: pathlib.Path, log) -> Table:
    """Recordings of people in which none of the terms is said."""
    rows = []
    for kind, pattern in (("read", "librivox/*.wav"), ("telephone, meetings", "diarization/*.flac")):
        files = sorted(data.glob(pattern))
        length = differing = terms_written = 0
        spent = [0.0, 0.0]
        for file in files:
            samples = sounds.read(file)
            length += samples.size / sounds.RATE
            plain, with_terms = _hear(engine, samples, []), _hear(engine, samples, UNSAID)
            log(case="people", file=file.name, plain=plain.text, with_terms=with_terms.text)
            differing += scores.changed(plain.text, with_terms.text)
            terms_written += len(scores.score([("", plain.text)], with_terms.text, UNSAID).invented)
            spent = [spent[0] + plain.seconds, spent[1] + with_terms.seconds]
        if files:
            rows.append([f"{kind}, {length:.0f} s", str(terms_written), str(differing), f"{spent[1] / spent[0]:.2f}"])
    return Table([f"people, {len(UNSAID)} terms, none said", "invented", "words that differ", "CPU ÷ no terms"], rows)


if __name__ == "__main__":
    sys.exit(main())
