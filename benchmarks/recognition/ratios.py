"""Figures of two contenders against each other, always of the same round: the machine was the same for both then."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.spread import Spread

from .measurement import Measurement

Round = dict[str, Measurement]


@dataclass(frozen=True)
class Ratio:
    text: str
    digits: int
    of: Callable[[Round], float]
    """Raises `KeyError` where a contender or figure is missing."""


def _time(round: Round, name: str) -> float:
    return round[name].processing_seconds


def _words(round: Round, name: str, kind: str) -> float:
    return round[name].words[kind].rate


def _diarization(round: Round) -> float:
    if not round["verbatim-speakers"].answer.diarization:
        raise KeyError("no diarization ran")
    return round["verbatim-speakers"].cpu_per_second - round["verbatim-words"].cpu_per_second


RATIOS = [
    Ratio(
        "CPU, Verbatim words only ÷ bare engine on halves",
        3,
        lambda round: round["verbatim-words"].cpu_per_second / round["raw-halves"].cpu_per_second,
    ),
    Ratio(
        "time, Verbatim words only (accepted to completed) ÷ bare engine on halves",
        3,
        lambda round: _time(round, "verbatim-words") / _time(round, "raw-halves"),
    ),
    Ratio(
        "time, Verbatim words only (end to end) ÷ bare engine on halves",
        3,
        lambda round: round["verbatim-words"].seconds / round["raw-halves"].seconds,
    ),
    Ratio("CPU-seconds that speakers cost, a second of audio", 3, _diarization),
    Ratio(
        "throughput, Verbatim words only ÷ open-asr-server, both end to end",
        2,
        lambda round: round["peer"].seconds / round["verbatim-words"].seconds,
    ),
    Ratio(
        "throughput, Verbatim with speakers ÷ open-asr-server, both end to end",
        2,
        lambda round: round["peer"].seconds / round["verbatim-speakers"].seconds,
    ),
    *(
        Ratio(
            f"word error rate on {kind} speech, Verbatim words only − {label}",
            4,
            lambda round, kind=kind, other=other: _words(round, "verbatim-words", kind) - _words(round, other, kind),
        )
        for kind in ("read", "telephone")
        for other, label in (("raw-whole", "bare engine on the whole"), ("peer", "open-asr-server"))
    ),
]


def compute(measurements: Iterable[Measurement]) -> dict[str, str]:
    """The ratios that can be had, by their text, as text."""
    rounds: dict[int, Round] = {}
    for measurement in measurements:
        rounds.setdefault(measurement.round, {})[measurement.contender] = measurement
    found: dict[str, str] = {}
    for ratio in RATIOS:
        values = []
        for one in rounds.values():
            try:
                values.append(ratio.of(one))
            except KeyError:
                continue
        if values:
            found[ratio.text] = Spread.of(values).text(ratio.digits)
    return found
