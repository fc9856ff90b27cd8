"""What became of terms and of all other words in a transcript."""

from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein
from recognition.normalizer import normalize


@dataclass(frozen=True)
class Score:
    found: int
    """Terms that were said and are written, each where it was said."""
    invented: tuple[str, ...]
    """Offered terms that the transcript has more often than they were said."""
    other_words: int
    other_errors: int
    """Of the words that are no term. What stands where a term was said is no error of theirs."""

    @property
    def rate(self) -> float:
        return self.other_errors / max(1, self.other_words)


def score(sentences: list[tuple[str, str]], heard: str, offered: list[str]) -> Score:
    """`sentences`: in their order, each with its term or ""."""
    said: list[str] = []
    spans: list[tuple[int, int]] = []
    for term, sentence in sentences:
        words, wanted = normalize(sentence), normalize(term)
        if wanted:
            at = next(at for at in range(len(words)) if words[at : at + len(wanted)] == wanted)
            spans.append((len(said) + at, len(said) + at + len(wanted)))
        said += words
    is_term = [any(first <= at < end for first, end in spans) for at in range(len(said))]
    got = normalize(heard)
    right, errors = [False] * len(said), 0
    for kind, i1, i2, j1, j2 in Levenshtein.opcodes(said, got):
        if kind == "equal":
            right[i1:i2] = [True] * (i2 - i1)
        elif kind == "insert":
            beside = range(max(0, i1 - 1), min(len(said), i1 + 1))
            errors += 0 if any(is_term[at] for at in beside) else j2 - j1
        else:
            errors += sum(not is_term[at] for at in range(i1, i2))
    found = sum(all(right[first:end]) for first, end in spans)
    invented = tuple(term for term in offered if count(term, got) > count(term, said))
    return Score(found, invented, len(said) - sum(is_term), errors)


def count(term: str, words: list[str]) -> int:
    wanted = normalize(term)
    return sum(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))


def changed(before: str, after: str) -> int:
    """Returns how many words differ between two transcripts."""
    return Levenshtein.distance(normalize(before), normalize(after))
