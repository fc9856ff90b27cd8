"""Conversations made of voices, with who speaks when.

Somebody speaks for a lognormal time, mostly 1 to 6 s; another one follows, after a short pause or before the end. Meanwhile
others say a word or two. Each kind has other numbers."""

from dataclasses import dataclass, field

import numpy as np

from recognition.recordings import Turn

from .rooms import Room, placed, recorded
from .sounds import RATE, spoken
from .voices import Voice

_GAP = (0.08, 0.25)  # seconds between two utterances of one turn
_WORD = (0.3, 1.0)  # seconds of what is said while others speak


@dataclass(frozen=True)
class Kind:
    name: str
    speakers: tuple[int, int]
    seconds: float
    overlap: float = 0.15
    """How many turns begin before the last one ends."""
    words: float = 0.25
    """How many turns of more than 2.5 s have somebody else say a word."""
    evenness: float = 2.0
    """Of how much each speaks: a Dirichlet distribution's parameter."""
    once: float = 0.0
    """How probably one of the speakers says but one thing, for 0.5 to 1.5 s."""
    alike: float = 0.0
    """How probably the voices are chosen for their likeness."""
    rooms: tuple[Room, ...] = (Room(), Room(0.3, 25), Room(0.5, 18))


@dataclass
class Conversation:
    name: str
    samples: np.ndarray
    turns: list[Turn]
    speakers: list[str] = field(default_factory=list)


class _Mouth:
    """Gives a voice's utterances in random order, again and again."""

    def __init__(self, voice: Voice, room: Room, chance: np.random.Generator) -> None:
        self._utterances, self._chance, self._left = voice.utterances, chance, []
        self._seed, self._room = int(chance.integers(1 << 31)), room

    def say(self, seconds: float) -> np.ndarray:
        """At most so much, in whole utterances if possible. The speaker's place stays the same."""
        parts: list[np.ndarray] = []
        room = int(seconds * RATE)
        while room > 0.3 * RATE:
            self._left = self._left or self._chance.permutation(len(self._utterances)).tolist()
            part = self._utterances[self._left.pop()][:room]
            parts += [part, np.zeros(int(self._chance.uniform(*_GAP) * RATE), np.float32)]
            room -= parts[-1].size + part.size
        said = np.concatenate(parts[:-1]) if parts else np.zeros(0, np.float32)
        return said

    def heard(self, said: np.ndarray) -> np.ndarray:
        return placed(said, self._room, np.random.default_rng(self._seed))


def make(kind: Kind, voices: list[Voice], likeness: np.ndarray, seed: int) -> Conversation:
    """The same for the same seed. `likeness`: of each two voices."""
    chance = np.random.default_rng([seed, *kind.name.encode()])
    room = kind.rooms[int(chance.integers(len(kind.rooms)))]
    count = int(chance.integers(kind.speakers[0], kind.speakers[1] + 1))
    chosen = _chosen(kind, [voice.seconds for voice in voices], likeness, count, chance)
    mouths = [_Mouth(voices[one], room, chance) for one in chosen]
    tracks = np.zeros((count, int((kind.seconds + 15) * RATE)), np.float32)
    _talk(kind, mouths, tracks, chance)
    turns = []
    for speaker, track in enumerate(tracks):
        track[int(kind.seconds * RATE) :] = 0
        name = voices[chosen[speaker]].name
        turns += [Turn(name, start / RATE, end / RATE) for start, end in spoken(track, 40)]
    heard = sum(mouth.heard(track) for mouth, track in zip(mouths, tracks[:, : int(kind.seconds * RATE)]))
    turns.sort(key=lambda turn: turn.start)
    return Conversation(
        f"{kind.name}/{seed}", recorded(heard, room, chance), turns, sorted({turn.speaker for turn in turns})
    )


def _talk(kind: Kind, mouths: list[_Mouth], tracks: np.ndarray, chance: np.random.Generator) -> None:
    count = len(mouths)
    weights = chance.dirichlet(np.full(count, kind.evenness))
    weights = np.maximum(weights, 0.02)
    rare = int(chance.integers(count)) if count > 2 and chance.random() < kind.once else None
    if rare is not None:
        _put(tracks[rare], mouths[rare].say(chance.uniform(0.5, 1.5)), chance.uniform(2, kind.seconds - 2))
        weights[rare] = 0
    now, last = chance.uniform(0.1, 1.0), -1
    silent = [one for one in range(count) if one != rare]
    while now < kind.seconds:
        odds = np.where(np.arange(count) == last, 0, weights)
        if silent and chance.random() < 0.5:  # everybody gets a word in
            odds = np.array([float(one in silent and one != last) for one in range(count)])
        if not odds.sum():
            odds = weights.copy()
        speaker = int(chance.choice(count, p=odds / odds.sum()))
        said = mouths[speaker].say(float(np.clip(chance.lognormal(0.9, 0.8), 0.6, 15)))
        _put(tracks[speaker], said, now)
        length = said.size / RATE
        if length > 2.5 and chance.random() < kind.words and count > 1:
            other = int(chance.choice([one for one in range(count) if one not in (speaker, rare)] or [speaker]))
            if other != speaker:
                _put(tracks[other], mouths[other].say(chance.uniform(*_WORD)), now + chance.uniform(0.5, length - 1))
        silent = [one for one in silent if one != speaker]
        early = chance.random() < kind.overlap and length > 1.2
        now += length - chance.uniform(0.2, min(1.5, length / 2)) if early else length + chance.exponential(0.4)
        last = speaker


def _put(track: np.ndarray, said: np.ndarray, at: float) -> None:
    """Unless the speaker speaks already."""
    start = int(at * RATE)
    end = min(start + said.size, track.size)
    if end > start and not track[start:end].any():
        track[start:end] = said[: end - start]


def _chosen(kind: Kind, seconds: list[float], likeness: np.ndarray, count: int, chance: np.random.Generator) -> list[int]:
    """Voices with enough to say; of one likeness to the first one if that is asked for."""
    enough = [one for one, has in enumerate(seconds) if has >= min(30, kind.seconds / 6)]
    chosen = [int(chance.choice(enough))]
    alike = chance.random() < kind.alike
    while len(chosen) < count:
        left = np.array([one for one in enough if one not in chosen])
        if alike:
            near = left[np.argsort(-likeness[left][:, chosen].max(axis=1))][:4]
            chosen.append(int(chance.choice(near)))
        else:
            chosen.append(int(chance.choice(left)))
    return chosen
