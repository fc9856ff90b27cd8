"""Fills a folder with voices out of Debian's packages, for `scripts/bench speakers --voices`:

    PYTHONPATH=benchmarks benchmarks/.venv/bin/python -m speakers.gather FOLDER

Announcements for telephone exchanges, words and letters for children, each spoken by a person. Nothing is installed: the
packages are downloaded by `apt-get download` (150 MB) and unpacked into FOLDER/packages. No sound of them is in the
repository."""

import itertools
import pathlib
import subprocess
import sys

import numpy as np

from .sounds import RATE, SoundError, decode, spoken, wav

_PACKAGES = [f"asterisk-core-sounds-{language}-g722" for language in ("en", "fr", "it", "ru")]
_PACKAGES += ["asterisk-prompt-it-menardi-wav", "klettres-data", "ktuberling-data"]
_FOLDERS = {
    "asterisk": "usr/share/asterisk/sounds/*",
    "klettres": "usr/share/klettres/*",
    "ktuberling": "usr/share/ktuberling/sounds/*",
}
_KINDS = {".wav", ".ogg", ".g722", ".gsm"}
_MOST, _LEAST = 60.0, 12.0  # seconds of a voice
_SHORTEST, _LONGEST = 0.35, 6.0  # seconds of an utterance
_TWICE = {"klettres-tn", "klettres-uk"}
"""Voices that are there under another name, by the likeness of their vectors."""
_NOISY = {f"klettres-{name}" for name in ("ar", "da", "de", "en", "en_GB", "he", "hu", "ml", "nl", "pt_BR")}
_NOISY |= {f"ktuberling-{name}" for name in ("ca", "da", "en", "ru")}
"""More than a tenth of what seems to be speech is noise, by the segmentation model."""


def main(folder: pathlib.Path) -> int:
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for package in _PACKAGES:
        if not list(packages.glob(f"{package}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", package], cwd=packages, check=True)
    for archive in sorted(packages.glob("*.deb")):
        subprocess.run(["dpkg", "-x", archive, packages / "root"], check=True)
    for source, pattern in _FOLDERS.items():
        for place in sorted((packages / "root").glob(pattern)):
            name = f"{source}-{place.name}"
            if place.is_dir() and name not in _TWICE | _NOISY:
                _gather(place, folder / name)
    return 0


def _gather(source: pathlib.Path, target: pathlib.Path) -> None:
    """The longest files first, for they are sentences."""
    files = sorted((path for path in source.rglob("*") if path.suffix in _KINDS), key=lambda path: -path.stat().st_size)
    utterances: list[np.ndarray] = []
    seconds = 0.0
    for path in itertools.islice(files, 100):
        try:
            samples = decode(path, *(["-f", "g722"] if path.suffix == ".g722" else []))
        except SoundError:
            continue
        for start, end in _pieces(spoken(samples)):
            utterances.append(samples[start:end])
            seconds += (end - start) / RATE
        if seconds >= _MOST:
            break
    if seconds >= _LEAST:
        target.mkdir(exist_ok=True)
        for number, samples in enumerate(utterances):
            (target / f"{number:03}.wav").write_bytes(wav(samples))
        print(f"{target.name}: {len(utterances)} utterances, {seconds:.0f} s", flush=True)


def _pieces(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Joined, or cut, to pieces of at most `_LONGEST` seconds, without those that are too short."""
    pieces: list[tuple[int, int]] = []
    longest = int(_LONGEST * RATE)
    for start, end in ((at, min(at + longest, last)) for first, last in spans for at in range(first, last, longest)):
        if pieces and end - pieces[-1][0] <= longest and start - pieces[-1][1] <= RATE:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return [(start, end) for start, end in pieces if end - start >= _SHORTEST * RATE]


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
