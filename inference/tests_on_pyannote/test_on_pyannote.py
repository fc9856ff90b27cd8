"""The diarization with the real pyannote.audio and real speech: a reader, and the same reader altered to another voice."""

import pathlib
import tempfile
import unittest

import numpy as np
import pipeline
from support import samples, silence
from test_diarization import other_voice

from verbatim_inference.audio import RATE
from verbatim_inference.diarization import clustering
from verbatim_inference.diarization.counts import Count
from verbatim_inference.diarization.library import Library, LibraryError
from verbatim_inference.pool import Stop


def setUpModule():
    global library, folder
    folder = tempfile.TemporaryDirectory()
    library = Library(str(pipeline.make(pathlib.Path(folder.name))), "cpu")


def tearDownModule():
    folder.cleanup()


def heard(*parts: bytes) -> np.ndarray:
    return np.frombuffer(silence(0.8).join(parts), "<i2").astype(np.float32) / 32768


class WithTheRealLibrary(unittest.TestCase):
    def tracks(self, audio: np.ndarray, expected: Count | None = None):
        return library.tracks(audio, None, expected, Stop())

    def test_two_voices_are_distinguished_over_sections(self):
        parts = [samples("0870"), other_voice(samples("0890")), samples("0920"), other_voice(samples("0880"))]
        sections = [self.tracks(heard(*parts)), self.tracks(heard(*reversed(parts)))]
        for tracks in sections:
            self.assertEqual(len(tracks), 2)
            for track in tracks:
                self.assertAlmostEqual(float(np.linalg.norm(track.embedding)), 1, 5)
                self.assertTrue(all(0 <= start < end <= 60 for start, end in track.turns))
        both = clustering.gathered([*sections[0], *sections[1]])
        both = clustering.Tracks(both.vectors, both.seconds, np.array([0, 0, 1, 1]))
        labels = clustering.label(both, None, Library.clustering)
        self.assertEqual(len(set(labels.tolist())), 2)
        first = min(sections[0], key=lambda track: track.turns[0])
        last = max(sections[1], key=lambda track: track.turns[-1])  # the reversed section ends with who begins the other
        every = [*sections[0], *sections[1]]
        self.assertEqual(*(labels[next(at for at, one in enumerate(every) if one is track)] for track in (first, last)))

    def test_the_callers_numbers_reach_it(self):
        audio = heard(samples("0870"), other_voice(samples("0890")), samples("0920"))
        self.assertEqual(len(self.tracks(audio, Count.exactly(1))), 1)
        self.assertEqual(len(self.tracks(audio, Count(1, 1))), 1)
        self.assertEqual(len(self.tracks(audio, Count(3, 5))), 3)

    def test_silence_has_no_tracks(self):
        self.assertEqual(self.tracks(np.zeros(12 * RATE, np.float32)), [])

    def test_what_is_no_pipeline_is_refused(self):
        with tempfile.TemporaryDirectory() as empty, self.assertRaises(LibraryError):
            Library(empty, "cpu")


if __name__ == "__main__":
    unittest.main()
