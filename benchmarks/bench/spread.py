"""One figure of several rounds: the median, and the lowest and highest."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Spread:
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Raises `statistics.StatisticsError` without values."""
        values = list(values)
        return cls(statistics.median(values), min(values, default=0.0), max(values, default=0.0))

    def text(self, digits: int) -> str:
        """`9.2`, or `9.2 (9.0–9.4)` where rounds differ in the digits shown."""
        middle, low, high = (f"{value:.{digits}f}" for value in (self.median, self.low, self.high))
        return middle if low == high else f"{middle} ({low}–{high})"

    def record(self) -> dict:
        return {"median": self.median, "low": self.low, "high": self.high}
