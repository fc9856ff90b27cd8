"""The JSON of the two routes. Vectors are base64 of little-endian float32; times have two decimals. Ten hours of speech are
about 15 MB."""

import base64
import binascii
import json
import math
from collections.abc import Callable

import numpy as np

from ..errors import APIError, invalid
from .clustering import Tracks
from .counts import MAX_SPEAKERS, Count
from .tracks import Track

MAX_BODY = 64_000_000
MAX_TRACKS = 50_000
MAX_DIMENSION = 1024


def rendered(model: str, duration: float, tracks: list[Track]) -> dict:
    return {"model": model, "duration": round(duration, 3), "tracks": [_track(track) for track in tracks]}


def _track(track: Track) -> dict:
    vector = track.embedding
    return {
        "turns": [[round(start, 2), round(end, 2)] for start, end in track.turns],
        "embedding": None if vector is None else base64.b64encode(vector.astype("<f4").tobytes()).decode(),
        "seconds": round(track.seconds, 2),
        "group": track.group,
    }


def parse(body: bytes) -> tuple[Tracks, list[int | None], Count | None]:
    """Returns the tracks that have a vector; for each track of the request its row among them, or None; and how many
    speakers are expected. Raises `APIError` 400."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid("json", "The body must be JSON in UTF-8.") from error
    if not isinstance(content, dict) or not isinstance(content.get("tracks"), list):
        raise invalid("tracks", "'tracks' must be a list.")
    tracks = content["tracks"]
    if len(tracks) > MAX_TRACKS:
        raise invalid("tracks", f"'tracks' must have at most {MAX_TRACKS} elements.")
    rows: list[int | None] = []
    vectors: list[np.ndarray] = []
    seconds: list[float] = []
    groups: dict[tuple[int, int], int] = {}
    places: list[int] = []
    for track in tracks:
        if not isinstance(track, dict):
            raise invalid("tracks", "Each of 'tracks' must be an object.")
        place = (_whole(track, "section", 0), _whole(track, "group", None))
        length = _length(track)
        vector = _vector(track.get("embedding"))
        if vector is None:
            rows.append(None)
            continue
        if vectors and vector.size != vectors[0].size:
            raise invalid("embedding", "All embeddings must have the same dimension.")
        rows.append(len(vectors))
        vectors.append(vector)
        seconds.append(length)
        places.append(groups.setdefault(place, len(groups)))
    matrix = np.stack(vectors) if vectors else np.empty((0, 1), np.float32)
    return Tracks(matrix, np.array(seconds, np.float32), np.array(places, np.int64)), rows, count(lambda name: _speakers(content, name))


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


def _speakers(content: dict, name: str) -> int | None:
    value = content.get(name)
    if value is not None and (type(value) is not int or not 1 <= value <= MAX_SPEAKERS):
        raise invalid(name, f"'{name}' must be a whole number from 1 to {MAX_SPEAKERS}.")
    return value


def _whole(track: dict, name: str, default: int | None) -> int:
    value = track.get(name, default)
    if type(value) is not int or not 0 <= value < 1 << 31:
        raise invalid(name, f"'{name}' must be a whole number from 0 to {(1 << 31) - 1}.")
    return value


def _length(track: dict) -> float:
    value = track.get("seconds")
    if type(value) not in (int, float) or not 0 <= value <= 1e6:  # NaN compares as false
        raise invalid("seconds", "'seconds' must be a number from 0 to 1000000.")
    return float(value)


def _vector(source) -> np.ndarray | None:
    """Returns the vector with unit length; None for null."""
    if source is None:
        return None
    if not isinstance(source, str) or not 0 < len(source) <= MAX_DIMENSION * 6:
        raise _bad_vector()
    try:
        data = base64.b64decode(source, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad_vector() from error
    if len(data) % 4 or not 0 < len(data) <= 4 * MAX_DIMENSION:
        raise _bad_vector()
    vector = np.frombuffer(data, "<f4").astype(np.float64)
    length = float(np.linalg.norm(vector))
    if not math.isfinite(length) or length < 1e-6:
        raise _bad_vector()
    return (vector / length).astype(np.float32)


def _bad_vector() -> APIError:
    return invalid(
        "embedding",
        f"'embedding' must be null or base64 of 1 to {MAX_DIMENSION} finite little-endian float32, not all zero.",
    )
