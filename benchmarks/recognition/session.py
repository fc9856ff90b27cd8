"""The order of events: round by round, each contender is started, warmed up, measured and stopped, so that at any time
only one of them is there. Each round begins with another one, for machines drift."""

import sys
import time
from collections.abc import Callable

from bench import processes

from .answer import Answer
from .material import Material
from .measurement import ClipScores, Contender, Measurement, measure, score_clips


class Session:
    """What came out so far. `keep` is called with a label and an answer, for each."""

    def __init__(
        self, contenders: dict[str, Contender], material: Material, keep: Callable[[str, Answer], None]
    ) -> None:
        self._contenders, self._material, self._keep = contenders, material, keep
        self.measurements: list[Measurement] = []
        self.clip_scores: dict[str, ClipScores] = {}

    def run(self, rounds: int, done: Callable[[Measurement], None]) -> None:
        """Calls `done` after each measurement. Raises `bench.service.ServiceError`, `OSError`."""
        names = list(self._contenders)
        for turn in range(1, rounds + 1):
            first = (turn - 1) % len(names)
            for name in names[first:] + names[:first]:
                self._take_turn(name, turn, done)

    def _take_turn(self, name: str, turn: int, done: Callable[[Measurement], None]) -> None:
        contender = self._contenders[name]
        contender.start()
        try:
            warm_up = min(self._material.clips, key=lambda clip: clip.duration)
            contender.transcribe(warm_up)
            _settle(contender)
            measurement = measure(name, contender, self._material, turn)
            self._keep(f"{name}-{turn}", measurement.answer)
            self.measurements.append(measurement)
            done(measurement)
            # The halves are halves of the long file; for a recording alone they would be raw-whole.
            if turn == 1 and name != "raw-halves":
                self.clip_scores[name] = self._score_clips(name, contender)
        finally:
            contender.stop()

    def _score_clips(self, name: str, contender: Contender) -> ClipScores:
        answers: dict[str, Answer] = {}
        for clip in self._material.clips:
            answers[clip.name] = contender.transcribe(clip)
            self._keep(f"{name}-{clip.name.replace('/', '-')}", answers[clip.name])
        return score_clips(answers, self._material)


def _settle(contender: Contender, patience: float = 10) -> None:
    """Until what the warm-up left to do (deleting its files) is done: nothing used for a second."""

    def used() -> float:
        return sum(processes.cpu_seconds(root) for root in contender.roots().values())

    until = time.monotonic() + patience
    before = used()
    while time.monotonic() < until:
        time.sleep(1)
        now = used()
        if now - before < 0.1:
            return
        before = now
    print("the contender does not come to rest; measuring it all the same", file=sys.stderr)
