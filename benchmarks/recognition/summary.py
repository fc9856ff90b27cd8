"""A whole run as one JSON object: what benchmarks/recognition.json keeps, and all tables and the chart are made from.

    {"date","commit","machine","versions","minutes","duration","speech_seconds","recordings","seed","rounds",
     "contenders":{NAME:{"speed","speed_end_to_end","cpu","memory","others","words":{KIND},"speakers"}},
     "clips":{NAME:{"words":{KIND},"speakers","speakers_by_recording","speaker_counts_right","refused","other_languages"}},
     "ratios":{TEXT:TEXT},"diarization"}

Figures of several rounds are `{"median","low","high"}`. Units: seconds; speed: seconds of audio a second; cpu:
CPU-seconds a second of audio; memory: bytes; errors and others: rates, 0 to 1 and more."""

import collections
import statistics
from dataclasses import dataclass

from bench.spread import Spread

from . import ratios
from .material import Material
from .measurement import ClipScores, Measurement


@dataclass(frozen=True)
class Circumstances:
    """What a run was made of, besides its figures."""

    date: str
    commit: str
    machine: dict
    versions: dict[str, str]
    minutes: int
    seed: int
    rounds: int


def summarize(
    circumstances: Circumstances,
    material: Material,
    measurements: list[Measurement],
    clips: dict[str, ClipScores],
) -> dict:
    by_name: dict[str, list[Measurement]] = {}
    for measurement in measurements:
        by_name.setdefault(measurement.contender, []).append(measurement)
    speech = [one.answer.details["speech_seconds"] for one in measurements if "speech_seconds" in one.answer.details]
    kinds = collections.Counter(recording.kind for recording in material.recordings)
    return {
        **vars(circumstances),
        "duration": material.whole.duration,
        "speech_seconds": statistics.median(speech) if speech else None,
        "recordings": dict(kinds),
        "contenders": {name: _contender(runs) for name, runs in by_name.items()},
        "clips": {name: scores.record() for name, scores in clips.items()},
        "ratios": ratios.compute(measurements),
        "diarization": next((one.answer.diarization for one in measurements if one.answer.diarization), None),
    }


def _contender(runs: list[Measurement]) -> dict:
    def spread(values) -> dict:
        return Spread.of(values).record()

    scored = [run.speakers.rate for run in runs if run.speakers]
    return {
        "speed": spread(run.duration / run.processing_seconds for run in runs),
        "speed_end_to_end": spread(run.duration / run.seconds for run in runs),
        "cpu": spread(run.cpu_per_second for run in runs),
        "memory": spread(float(run.reading.peak_bytes_all) for run in runs),
        "others": spread(run.reading.others_share for run in runs),
        "words": {kind: spread(run.words[kind].rate for run in runs) for kind in runs[0].words},
        "speakers": spread(scored) if scored else None,
    }
