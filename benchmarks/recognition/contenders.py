"""Who takes part, under which name, in the order of the tables."""

import pathlib
from collections.abc import Callable
from dataclasses import dataclass

from bench.deployment import Deployment

from .measurement import Contender
from .peer import Peer
from .raw import RawEngine
from .verbatim import Verbatim

LABELS = {
    "raw-whole": "bare engine, one worker",
    "raw-halves": "bare engine, two workers on halves",
    "verbatim-speakers": "Verbatim, with speakers",
    "verbatim-words": "Verbatim, words only",
    "peer": "open-asr-server",
}


@dataclass(frozen=True)
class Place:
    """What contenders are made from."""

    checkout: pathlib.Path
    folder: pathlib.Path
    logs: pathlib.Path
    database_url: str
    database_pid: int


def make(names: list[str], place: Place) -> dict[str, Contender]:
    """The contenders of these names, none of them started. Raises `bench.service.ServiceError`."""
    deployment = None
    if any(name.startswith("verbatim") for name in names):
        deployment = Deployment(place.checkout, place.folder, place.logs, place.database_url)
    makers: dict[str, Callable[[], Contender]] = {
        "raw-whole": lambda: RawEngine(place.checkout, place.logs, workers=1),
        "raw-halves": lambda: RawEngine(place.checkout, place.logs, workers=2),
        "verbatim-speakers": lambda: Verbatim(deployment, place.database_pid, diarize=True),
        "verbatim-words": lambda: Verbatim(deployment, place.database_pid, diarize=False),
        "peer": lambda: Peer(place.checkout, place.logs),
    }
    return {name: makers[name]() for name in LABELS if name in names}
