"""Decides which tracks are the same speaker, by agglomerative clustering of all tracks of a file together.

Two clusters are compared by the cosine of their mean vectors. What cosine one speaker gives depends on how long both speak:
0.27 for two vectors from 0.4 s of speech each, 0.77 for two from 5 s. So clusters are not merged from a certain cosine on, but
by the evidence: how much more probable this cosine is if both are one speaker. The model behind it is probabilistic linear
discriminant analysis with the same variance in all directions (Ioffe 2006; Sell et al. 2018), its variance within a speaker a
function of the amount of speech.

Tracks of the same window are known to be different voices: the more of the smaller cluster shares windows with the larger one,
the lower their cosine is taken to be. A track that is too short to form a speaker of its own goes to the nearest one.

The quadratic part never has more than `FOUNDERS` tracks, so time and memory are limited for any file."""

from dataclasses import dataclass

import numpy as np

from .counts import Count
from .tracks import Track

FOUNDERS = 2000
"""The maximum number of tracks in the quadratic part: about 16 MB per matrix, and a second of work."""


@dataclass(frozen=True)
class Settings:
    half_seconds: float = 1.5
    """From so much speech, half of a vector's variance is the voice …"""
    reliability: float = 0.82
    """… and from endless speech, this share of it."""
    strangers: float = 0.1
    """The cosine of two different voices, on average."""
    dimensions: float = 60.0
    """In how many directions voices differ. It makes evidence larger, and changes neither its sign nor its order."""
    threshold: float = 0.0
    """Clusters with less evidence are different speakers."""
    certain: float = 20.0
    """Clusters with at least this evidence are one speaker, whatever number the caller expects."""
    never: float = -np.inf
    """Clusters with less evidence stay two, whatever number the caller expects."""
    apart: float = 0.1
    """Subtracted from the cosine of two clusters that always share windows."""
    founder_seconds: float = 0.4
    """Seconds of clean speech that a track needs to take part in finding the speakers."""
    weight_seconds: float = 5.0
    """More clean speech than this gives a track no more weight."""
    speaker_seconds: float = 0.4
    """A speaker needs this many seconds of clean speech …"""
    speaker_share: float = 0.015
    """… or, in a longer file, this share of all clean speech …"""
    speaker_most: float = 10.0
    """… but no more than this many seconds."""
    override: float = 0.3
    """If two tracks of a window are most similar to the same speaker, one of them goes to its next best speaker, unless the
    similarity to that one is this much lower."""


@dataclass(frozen=True)
class Tracks:
    """The input of clustering, with one row per track."""

    vectors: np.ndarray
    """(n, dimension), of unit length."""
    seconds: np.ndarray
    groups: np.ndarray
    """Tracks with equal numbers are from the same window."""

    def __len__(self) -> int:
        return len(self.seconds)

    def take(self, rows: np.ndarray) -> "Tracks":
        return Tracks(self.vectors[rows], self.seconds[rows], self.groups[rows])


def gathered(tracks: list[Track]) -> Tracks:
    """All must have a vector."""
    vectors = np.stack([track.embedding for track in tracks])
    seconds = np.array([track.seconds for track in tracks], np.float32)
    return Tracks(vectors, seconds, np.array([track.group for track in tracks], np.int64))


def labels(tracks: list[Track], expected: Count | None, settings: Settings) -> list[int | None]:
    """Like `label`, for the tracks of one section; None for a track without a vector."""
    known = [row for row, track in enumerate(tracks) if track.embedding is not None]
    found: list[int | None] = [None] * len(tracks)
    if known:
        for row, one in zip(known, label(gathered([tracks[row] for row in known]), expected, settings).tolist()):
            found[row] = one
    return found


def label(tracks: Tracks, expected: Count | None, settings: Settings = Settings()) -> np.ndarray:
    """Returns a label from 0 for each track, without gaps. `expected` is a hint: there are never more speakers than
    distinguishable voices."""
    if not len(tracks):
        return np.empty(0, np.int64)
    founders = _founders(tracks, settings)
    chosen = tracks.take(founders)
    least = min(
        settings.speaker_most, max(settings.speaker_seconds, settings.speaker_share * float(tracks.seconds.sum()))
    )
    merges = _merges(chosen, settings)
    members = _cut(chosen, merges, _stop(chosen, merges, expected, least, settings))
    sizes = np.bincount(members, weights=chosen.seconds)
    speakers = np.flatnonzero(sizes >= least)
    if not speakers.size:
        speakers = np.array([sizes.argmax()])
    means = centroids(chosen, members, settings)[speakers]
    labels = _assigned(tracks.vectors @ means.T, tracks, settings)
    return np.unique(labels, return_inverse=True)[1]


def _founders(tracks: Tracks, settings: Settings) -> np.ndarray:
    """Returns the rows of the tracks with enough clean speech. If they are too many, the longest in each part of the file."""
    enough = np.flatnonzero(tracks.seconds >= min(settings.founder_seconds, float(tracks.seconds.max()) / 2))
    if enough.size <= FOUNDERS:
        return enough
    parts = np.array_split(enough, FOUNDERS // 4)
    longest = [part[np.argsort(-tracks.seconds[part], kind="stable")[:4]] for part in parts]
    return np.sort(np.concatenate(longest))


def centroids(tracks: Tracks, members: np.ndarray, settings: Settings) -> np.ndarray:
    """Returns the mean vector of each cluster, of unit length. The longer a track, the more it counts."""
    weighted = tracks.vectors * _trust(tracks.seconds, settings)[:, None]
    sums = np.stack([weighted[members == one].sum(axis=0) for one in range(members.max() + 1)])
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)


def reliability(seconds, settings: Settings):
    """Returns which share of the variance of a vector from so much speech is the voice."""
    return settings.reliability * seconds / (seconds + settings.half_seconds)


def _trust(seconds: np.ndarray, settings: Settings) -> np.ndarray:
    return np.sqrt(seconds * (seconds + settings.half_seconds))


def _evidence(cosine: np.ndarray, one, other, settings: Settings) -> np.ndarray:
    """Returns the logarithm of how many times more probable the cosine is for one speaker than for two. `one` and `other`:
    the reliabilities of the clusters' vectors."""
    expected = np.sqrt(one * other)
    cosine = (cosine - settings.strangers) / (1 - settings.strangers)
    rest = 1 - np.square(expected)
    return settings.dimensions * ((cosine * expected - np.square(expected)) / rest - np.log(rest) / 2)


def _merges(tracks: Tracks, settings: Settings) -> list[tuple[int, int, float]]:
    """Returns all merges, those with the most evidence first: (cluster that stays, cluster that goes, evidence)."""
    count = len(tracks)
    seconds = tracks.seconds.astype(np.float32)
    vectors = (tracks.vectors * _trust(seconds, settings)[:, None]).astype(np.float32)
    products = vectors @ vectors.T  # of the clusters' sums
    lengths = np.sqrt(products.diagonal())
    weights = np.clip(seconds, 1e-3, settings.weight_seconds)
    beside = np.where(tracks.groups[:, None] == tracks.groups, np.minimum(weights[:, None], weights), 0)
    beside = beside.astype(np.float32)
    np.fill_diagonal(beside, 0)

    def compared(one: int) -> np.ndarray:
        cosine = products[one] / np.maximum(lengths[one] * lengths, 1e-9)
        cosine -= settings.apart * np.minimum(beside[one] / np.minimum(weights[one], weights), 1)
        return _evidence(cosine, reliability(seconds[one], settings), reliability(seconds, settings), settings)

    likeness = np.stack([compared(one) for one in range(count)])
    np.fill_diagonal(likeness, -np.inf)
    partner = likeness.argmax(axis=1)
    best = likeness[np.arange(count), partner]
    merges = []
    for _ in range(count - 1):
        stays = int(best.argmax())
        goes = int(partner[stays])
        merges.append((stays, goes, float(best[stays])))
        products[stays] += products[goes]
        products[:, stays] = products[stays]
        products[stays, stays] = lengths[stays] ** 2 + 2 * products[stays, goes] - lengths[goes] ** 2
        beside[stays] += beside[goes]
        beside[:, stays] = beside[stays]
        lengths[stays] = np.sqrt(max(products[stays, stays], 0))
        seconds[stays] += seconds[goes]
        weights[stays] += weights[goes]
        likeness[goes] = -np.inf
        likeness[:, goes] = -np.inf
        best[goes] = -np.inf
        row = compared(stays)
        row[likeness[stays] == -np.inf] = -np.inf  # itself, and clusters that were merged
        likeness[stays] = row
        likeness[:, stays] = row
        partner[stays] = row.argmax()
        best[stays] = row[partner[stays]]
        alive = best > -np.inf
        stale = alive & ((partner == goes) | (partner == stays))
        stale[stays] = False
        for one in np.flatnonzero(stale):
            partner[one] = likeness[one].argmax()
            best[one] = likeness[one, partner[one]]
        nearer = alive & (row > best)
        nearer[stays] = False
        partner[nearer] = stays
        best[nearer] = row[nearer]
    return merges


def _stop(tracks: Tracks, merges, expected: Count | None, least: float, settings: Settings) -> int:
    """Returns how many of the merges to make."""
    usual = next((step for step, merge in enumerate(merges) if merge[2] < settings.threshold), len(merges))
    if not expected:
        return usual
    first = next((step for step, merge in enumerate(merges) if merge[2] < settings.certain), len(merges))
    last = next((step for step, merge in enumerate(merges) if merge[2] < settings.never), len(merges))
    sizes = tracks.seconds.astype(np.float64).copy()
    speakers = int((sizes >= least).sum())
    found = {0: speakers}
    for step, (stays, goes, _) in enumerate(merges, 1):
        speakers -= int(sizes[stays] >= least) + int(sizes[goes] >= least)
        sizes[stays] += sizes[goes]
        sizes[goes] = 0
        speakers += int(sizes[stays] >= least)
        found[step] = speakers
    return min(range(min(first, last), last + 1), key=lambda step: (expected.distance(found[step]), abs(step - usual)))


def _cut(tracks: Tracks, merges, stop: int) -> np.ndarray:
    """Returns the cluster of each track after `stop` merges, numbered without gaps."""
    members = np.arange(len(tracks))
    for stays, goes, _ in merges[:stop]:
        members[members == goes] = stays
    return np.unique(members, return_inverse=True)[1]


def _assigned(likeness: np.ndarray, tracks: Tracks, settings: Settings) -> np.ndarray:
    """Assigns each track to the most similar speaker, and tracks of the same window to different ones."""
    labels = likeness.argmax(axis=1)
    order = np.argsort(tracks.groups, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(tracks.groups[order])) + 1):
        if group.size < 2 or np.unique(labels[group]).size == group.size:
            continue
        taken: set[int] = set()
        for track in group[np.argsort(-likeness[group].max(axis=1), kind="stable")]:
            free = np.array([np.inf if one in taken else 0 for one in range(likeness.shape[1])])
            other = int((likeness[track] - free).argmax())
            gap = likeness[track, labels[track]] - likeness[track, other]
            if other not in taken and gap < settings.override:
                labels[track] = other
            taken.add(int(labels[track]))
    return labels
