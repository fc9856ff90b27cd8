"""How many speakers the caller expects: `speakers_expected`, or a range of `speakers_min` to `speakers_max`."""

from dataclasses import dataclass

MAX_SPEAKERS = 32


@dataclass(frozen=True)
class Count:
    least: int = 1
    most: int = MAX_SPEAKERS

    @classmethod
    def exactly(cls, number: int) -> "Count":
        return cls(number, number)

    @property
    def exact(self) -> int | None:
        return self.least if self.least == self.most else None

    def distance(self, found: int) -> int:
        """By how many speakers `found` is outside of the range."""
        return max(self.least - found, found - self.most, 0)
