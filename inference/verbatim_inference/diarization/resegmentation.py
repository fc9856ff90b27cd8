"""Moves pieces of turns to the speaker whom they sound like.

Segmentation takes two similar voices that follow each other for one now and then, and finds a change too late. So within a
section, whose speakers are known by then, turns are cut to pieces of about 1.5 s. A piece that sounds more like another
speaker becomes a turn of that speaker's nearest track. If a section has one speaker, nothing is computed."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from . import clustering
from .tracks import Track, Turn


@dataclass(frozen=True)
class Settings:
    piece: float = 1.5
    """About so many seconds are a piece."""
    least: float = 0.6
    """Shorter pieces, in seconds, stay where they are."""
    stay: float = 0.2
    """Added to the cosine with the track's own speaker."""


def moved(
    tracks: list[Track],
    labels: list[int | None],
    vector_of: Callable[[float, float], np.ndarray | None],
    voices: clustering.Settings,
    settings: Settings,
) -> list[Track]:
    """Returns the tracks with their pieces where they belong; a track without any is left out. `labels`: the speaker of each
    track, from 0 on, None for a track without a vector. `vector_of`: the vector of what lies between two times, None if
    that is too short."""
    speakers = {label for label in labels if label is not None}
    if len(speakers) < 2:
        return tracks
    known = [row for row, label in enumerate(labels) if label is not None]
    members = np.array([labels[row] for row in known])
    means = clustering.centroids(clustering.gathered([tracks[row] for row in known]), members, voices)
    middles = np.array([(tracks[row].turns[0][0] + tracks[row].turns[-1][1]) / 2 for row in known])
    turns: list[list[Turn]] = [[] if label is not None else track.turns for track, label in zip(tracks, labels)]
    left: dict[int, tuple[np.ndarray, float]] = {}
    for row in known:
        stayed, seconds, is_whole = np.zeros(means.shape[1]), 0.0, True
        for start, end in _pieces(tracks[row], settings):
            length = end - start
            vector = vector_of(start, end) if length >= settings.least else None
            label = labels[row] if vector is None else _speaker(vector, length, means, labels[row], voices, settings)
            if label == labels[row]:
                turns[row].append((start, end))
                if vector is not None:
                    stayed, seconds = stayed + vector * length, seconds + length
            else:
                is_whole = False
                near = np.where(members == label, np.abs(middles - (start + end) / 2), np.inf)
                turns[known[int(near.argmin())]].append((start, end))
        size = float(np.linalg.norm(stayed))
        if not is_whole and size > 1e-6:
            left[row] = (stayed / size).astype(np.float32), min(seconds, tracks[row].seconds)
    found = []
    for row, track in enumerate(tracks):
        if turns[row]:
            vector, seconds = left.get(row, (track.embedding, track.seconds))
            found.append(replace(track, turns=_joined(turns[row]), embedding=vector, seconds=seconds))
    return found


def _pieces(track: Track, settings: Settings) -> list[Turn]:
    found: list[Turn] = []
    for start, end in track.turns:
        edges = np.linspace(start, end, max(1, round((end - start) / settings.piece)) + 1).tolist()
        found += zip(edges, edges[1:])
    return found


def _speaker(vector, seconds: float, means, own: int, voices: clustering.Settings, settings: Settings) -> int:
    likeness = means @ vector / np.sqrt(clustering.reliability(seconds, voices))
    likeness[own] += settings.stay
    return int(likeness.argmax())


def _joined(turns: list[Turn]) -> list[Turn]:
    """Ascending, without the cuts."""
    joined: list[Turn] = []
    for start, end in sorted(turns):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
