import pathlib
import unittest
from types import SimpleNamespace

from bench.client import Refused
from recognition.answer import Word
from recognition.material import SoundFile
from recognition.verbatim import Verbatim

FILE = SoundFile("one", pathlib.Path("one.wav"), 3.0, [], [])
TRANSCRIPT = {
    "language": "en",
    "model": "whisper_base",
    "diarization": "segmentation-3.0+campplus",
    "speakers": [{"id": "speaker_0"}],
    "segments": [
        {
            "speaker": "speaker_0",
            "start": 0.0,
            "end": 1.0,
            "text": "One",
            "words": [{"text": "One", "start": 0.1, "end": 0.9, "speaker": "speaker_0"}],
        },
        {"speaker": "speaker_0", "start": 1.0, "end": 2.0, "text": "two three", "words": []},
    ],
}


class ScriptedClient:
    """Answers as it is told, in order; a `Refused` is raised."""

    def __init__(self, submission, *answers) -> None:
        self._submission, self._answers = submission, list(answers)
        self.fields = None

    def post_file(self, path, file, fields):
        self.fields = fields
        return self._answer(self._submission)

    def get(self, path):
        return self._answer(self._answers.pop(0))

    def _answer(self, answer):
        if isinstance(answer, Refused):
            raise answer
        return answer


class VerbatimTests(unittest.TestCase):
    def transcribe(self, client: ScriptedClient, diarize: bool = True):
        self.logins = 0

        def log_in():
            self.logins += 1

        contender = Verbatim(None, 1, diarize)
        contender._running = SimpleNamespace(client=client, log_in=log_in, pid=2)
        return contender.transcribe(FILE)

    def completed(self) -> dict:
        return {"status": "completed", "completed_at": "2026-01-01T00:00:10.500Z", "error": None}

    def test_a_transcript_becomes_words_with_speakers_also_where_it_has_no_word_times(self):
        answer = self.transcribe(ScriptedClient({"job_id": "job_1"}, self.completed(), TRANSCRIPT))
        self.assertEqual(
            answer.words,
            [
                Word("One", 0.1, 0.9, "speaker_0"),
                Word("two", 1.0, 1.5, "speaker_0"),
                Word("three", 1.5, 2.0, "speaker_0"),
            ],
        )
        self.assertEqual(answer.diarization, "segmentation-3.0+campplus")

    def test_no_diarization_is_none(self):
        client = ScriptedClient({"job_id": "job_1"}, self.completed(), {**TRANSCRIPT, "diarization": "none"})
        self.assertIsNone(self.transcribe(client, diarize=False).diarization)
        self.assertEqual(client.fields, [("diarize", "false")])

    def test_a_refused_or_failed_job_is_an_answer_with_its_error(self):
        self.assertEqual(
            self.transcribe(ScriptedClient(Refused(415, b'{"reason":"empty_audio"}'))).error, "empty_audio"
        )
        failed = {"status": "failed", "error": {"code": "transient_error"}}
        self.assertEqual(self.transcribe(ScriptedClient({"job_id": "job_1"}, failed)).error, "transient_error")

    def test_a_token_whose_hour_is_over_is_replaced(self):
        expired = Refused(401, b'{"error":"token_expired"}')
        answer = self.transcribe(ScriptedClient({"job_id": "job_1"}, expired, self.completed(), TRANSCRIPT))
        self.assertEqual((len(answer.words), self.logins), (3, 1))


if __name__ == "__main__":
    unittest.main()
