"""How the server uses pyannote.audio, with a double of that library and of torch. The double has the interface of
pyannote.audio 3.1, another one that of 4.0. For them, loud seconds are one speaker and quiet ones another. The real library
runs in ../pyannote-test."""

import json
import os
import pathlib
import subprocess
import tempfile
import textwrap
import threading
import unittest

import numpy as np
from support import ROOT, Server, wav

TORCH = """
import contextlib
class cuda:
    @staticmethod
    def is_available():
        return False
def device(name):
    return name
def from_numpy(array):
    return array
"""

PIPELINE = """
import numpy as np
from typing import NamedTuple

class Segment(NamedTuple):
    start: float
    end: float

class Timeline(list):
    def support(self, collar=0.0):
        joined = []
        for start, end in sorted(self):
            if joined and start - joined[-1].end <= collar:
                joined[-1] = Segment(joined[-1].start, end)
            else:
                joined.append(Segment(start, end))
        return Timeline(joined)

class Annotation:
    def __init__(self):
        self.segments = {}
    def labels(self):
        return sorted(self.segments)
    def label_timeline(self, label, copy=True):
        return Timeline(self.segments[label])

class Pipeline:
    @classmethod
    def from_pretrained(cls, checkpoint_path, hparams_file=None, use_auth_token=None, cache_dir=None):
        if checkpoint_path == "gated/model":
            return None
        if checkpoint_path != "pyannote/speaker-diarization-3.1":
            raise FileNotFoundError("secret " + checkpoint_path)
        return cls()
    def to(self, device):
        return self
    def __call__(self, file, **options):
        return self.apply(file, **options)
    def apply(self, file, num_speakers=None, min_speakers=None, max_speakers=None, hook=None, return_embeddings=False):
        assert file["sample_rate"] == 16_000 and file["waveform"].ndim == 2 and return_embeddings
        wave = file["waveform"][0]
        annotation = Annotation()
        for second in range(len(wave) // 16_000):
            level = np.abs(wave[second * 16_000 : (second + 1) * 16_000]).mean()
            if level < 0.01:
                continue
            label = "SPEAKER_%02d" % (0 if level > 0.2 or num_speakers == 1 or max_speakers == 1 else 1)
            annotation.segments.setdefault(label, []).append((second, second + 1))
        vectors = {"SPEAKER_00": [3.0, 0, 0, 1], "SPEAKER_01": [0, 2.0, 0, 1]}
        found = [vectors[label] for label in annotation.labels()]
        if len(found) == 2 and len(annotation.segments["SPEAKER_01"]) == 1:
            found[1] = [float("nan")] * 4  # what 3.1 returns for a speaker with too little clean speech
        return annotation, np.array(found).reshape(len(found), 4)
"""

PIPELINE_4 = PIPELINE.replace("Pipeline:", "Pipeline3:") + """
from dataclasses import dataclass

@dataclass
class DiarizeOutput:
    speaker_diarization: Annotation
    exclusive_speaker_diarization: Annotation
    speaker_embeddings: np.ndarray | None = None

class Pipeline(Pipeline3):
    def apply(self, file, num_speakers=None, min_speakers=None, max_speakers=None, hook=None, **options):
        assert not options, options
        annotation, vectors = super().apply(file, num_speakers, min_speakers, max_speakers, return_embeddings=True)
        return DiarizeOutput(annotation, annotation, vectors if len(vectors) else None)
"""


class WithTheLibrary(Server):
    """A server that can import the double."""

    def __init__(self, pipeline: str, *arguments: str) -> None:
        self.folder = tempfile.TemporaryDirectory()
        package = pathlib.Path(self.folder.name) / "pyannote" / "audio"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(textwrap.dedent(pipeline))
        (package.parent.parent / "torch.py").write_text(TORCH)
        self.process = subprocess.Popen(
            [ROOT / ".venv" / "bin" / "python", "-m", "verbatim_inference", "--port", "0", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": f"{self.folder.name}:{ROOT}"},
        )
        self.log = []
        self.address = self.wait_for("listening")["address"]

    def finish(self):
        ended = super().finish()
        self.folder.cleanup()
        return ended

    def chosen(self) -> dict:
        return next(json.loads(line) for line in self.log if '"event": "diarization"' in line)


def tone(*levels: float) -> bytes:
    """Returns one second of sound for each level."""
    wave = np.concatenate([level * np.sin(np.arange(16_000) * 0.2) * 32_000 for level in levels])
    return wav(wave.astype("<i2").tobytes())


class ThePipelineOfTheLibrary(unittest.TestCase):
    pipeline = PIPELINE

    @classmethod
    def setUpClass(cls):
        cls.server = WithTheLibrary(cls.pipeline).ready()

    @classmethod
    def tearDownClass(cls):
        log = cls.server.stop()
        assert "Traceback" not in log, log

    def tracks(self, audio: bytes, **fields) -> list[dict]:
        status, answer = self.server.post("/v1/audio/speaker-tracks", audio, **fields)
        self.assertEqual((status, answer["model"]), (200, "pyannote/speaker-diarization-3.1"))
        return answer["tracks"]

    def labels(self, tracks: list[dict]) -> list:
        body = json.dumps({"tracks": tracks})
        status, _, data = self.server.call("POST", "/v1/speakers", body, {"Content-Type": "application/json"})
        self.assertEqual(status, 200, data)
        return json.loads(data)["labels"]

    def test_it_is_used_if_it_is_installed(self):
        chosen = self.server.chosen()
        self.assertEqual(chosen["model"], "pyannote/speaker-diarization-3.1")
        self.assertEqual(
            self.server.health()["diarization"], {"model": "pyannote/speaker-diarization-3.1", "section_seconds": 3600}
        )

    def test_its_speakers_are_the_tracks(self):
        tracks = self.tracks(tone(0.9, 0.9, 0, 0.1, 0.1, 0.9))
        self.assertEqual([track["turns"] for track in tracks], [[[0, 2], [5, 6]], [[3, 5]]])
        self.assertEqual([track["seconds"] for track in tracks], [3, 2])
        self.assertEqual(len(set(self.labels(tracks))), 2)

    def test_speakers_of_two_sections_are_joined_by_their_voices(self):
        first = [dict(track, section=0) for track in self.tracks(tone(0.9, 0.1, 0.1))]
        second = [dict(track, section=1) for track in self.tracks(tone(0.1, 0.1, 0.9))]
        labels = self.labels(first + second)
        self.assertEqual(labels[:2], labels[2:])
        self.assertEqual(len(set(labels)), 2)

    def test_the_callers_number_reaches_it(self):
        self.assertEqual(len(self.tracks(tone(0.9, 0.1, 0.1), speakers_expected="1")), 1)
        self.assertEqual(len(self.tracks(tone(0.9, 0.1, 0.1), speakers_max="1")), 1)
        self.assertEqual(len(self.tracks(tone(0.9, 0.1, 0.1), speakers_min="1")), 2)

    def test_a_speaker_without_a_vector_and_a_file_without_speech_are_accepted(self):
        tracks = self.tracks(tone(0.9, 0.1))
        self.assertEqual([track["embedding"] is None for track in tracks], [False, True])
        self.assertEqual(self.labels(tracks), [0, None])
        self.assertEqual(self.tracks(tone(0, 0)), [])
        self.assertEqual(self.tracks(tone(0.9, 0.9), speech="[]"), [])


class ThePipelineOfVersion4(ThePipelineOfTheLibrary):
    pipeline = PIPELINE_4


class WithoutTheLibrary(unittest.TestCase):
    def test_the_bundled_models_replace_it_and_the_log_says_why(self):
        server = WithTheLibrary('raise ImportError("secret")').ready()
        self.addCleanup(server.stop)
        chosen = server.chosen()
        self.assertEqual(chosen["model"], "segmentation-3.0+campplus")
        self.assertIn("ImportError", chosen["reason"])
        self.assertNotIn("secret", "".join(server.log))

    def test_what_the_operator_named_is_not_replaced(self):
        for name, reason in (("gated/model", "refuses the weights"), ("no/such", "cannot be loaded \\(FileNotFoundError\\)")):
            server = WithTheLibrary(PIPELINE, "--diarization-model", name)
            limit = threading.Timer(60, server.process.kill)  # so that this test ends even if the server goes on
            limit.start()
            code, log = server.finish()
            limit.cancel()
            self.assertEqual(code, 1)
            self.assertRegex(log.splitlines()[-1], f"^inference: diarization with {name} is not possible: .*{reason}")


if __name__ == "__main__":
    unittest.main()
