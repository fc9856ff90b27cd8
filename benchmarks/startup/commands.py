"""Programs that do next to nothing and end: what it costs to start them."""

import pathlib
import statistics
from dataclasses import asdict, dataclass

from bench.program import run

YARDSTICK = "python3 -c pass"


@dataclass(frozen=True)
class Command:
    words: list[str]
    environment: dict[str, str]


@dataclass(frozen=True)
class Cost:
    """Medians of the runs of one round."""

    seconds: float
    cpu_seconds: float

    def record(self) -> dict:
        return asdict(self)


def all_of_them(programs: pathlib.Path, python: str, psql: str, url: str, environment: dict[str, str]) -> dict[str, Command]:
    """`environment`: of the deployment; the yardsticks get it, too."""
    words = {
        "/bin/true": ["/bin/true"],
        YARDSTICK: [python, "-c", "pass"],
        "psql -c 'SELECT 1'": [psql, "-XAtq", "-c", "SELECT 1", url],
        "ffmpeg -version": ["ffmpeg", "-version"],
        "verbatim --version": [str(programs / "verbatim"), "--version"],
        "verbatim-admin --version": [str(programs / "verbatim-admin"), "--version"],
        "verbatim-admin tenant list": [str(programs / "verbatim-admin"), "tenant", "list"],
        "verbatim-media --version": [str(programs / "verbatim-media"), "--version"],
    }
    return {name: Command(line, environment) for name, line in words.items()}


def measure(command: Command, runs: int) -> Cost:
    """Raises `ServiceError`."""
    ended = [run(command.words, environment=command.environment, patience=60) for _ in range(runs)]
    return Cost(statistics.median(one.seconds for one in ended), statistics.median(one.cpu_seconds for one in ended))
