"""Whether a replica still works. A GPU that has failed, for instance, makes every request fail, though the process lives."""

_MOST_FAILURES = 3


class Soundness:
    def __init__(self) -> None:
        self._failures = 0
        """Internal errors in a row. Errors of the request say nothing about the replica."""

    def note(self, status: int) -> None:
        if status == 500:
            self._failures += 1
        elif status < 300:
            self._failures = 0

    def check(self) -> None:
        """Raises if the replica should be replaced."""
        if self._failures >= _MOST_FAILURES:
            raise RuntimeError(f"the last {self._failures} requests failed with internal errors")
