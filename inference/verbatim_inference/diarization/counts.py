"""How many speakers the caller expects: `speakers_expected`, or a range of `speakers_min` to `speakers_max`."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import invalid

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


def count(read: Callable[[str], int | None]) -> Count | None:
    """`read` returns the value of a field, a whole number from 1 to `MAX_SPEAKERS`, or None. Returns None if the caller
    expects nothing. Raises `APIError` 400 if the fields contradict each other."""
    expected, least, most = (read(name) for name in ("speakers_expected", "speakers_min", "speakers_max"))
    if least is not None and most is not None and least > most:
        raise invalid("speakers_min", "'speakers_min' must not be greater than 'speakers_max'.")
    if expected is least is most is None:
        return None
    allowed = Count(least or 1, most or MAX_SPEAKERS)
    if expected is None:
        return allowed
    if allowed.distance(expected):
        raise invalid("speakers_expected", "'speakers_expected' must lie between 'speakers_min' and 'speakers_max'.")
    return Count.exactly(expected)
