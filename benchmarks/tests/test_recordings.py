import pathlib
import tempfile
import unittest

from recognition import recordings
from recognition.recordings import MEETING, READ, TELEPHONE, Turn


class RecordingTests(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.root = pathlib.Path(place.name)
        self.write("carried/transcription", "<s> one two </s> (first)\n<s> three </s> (second)\n")
        self.write("carried/first.wav")
        self.write("carried/second.wav")

    def write(self, path: str, text: str = "") -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def load(self) -> dict[str, recordings.Recording]:
        more = self.root / "more"
        found = recordings.load(self.root / "carried", more if more.exists() else None)
        return {recording.name: recording for recording in found}

    def test_the_carried_recordings_have_their_texts(self):
        found = self.load()
        self.assertEqual(
            {name: one.text for name, one in found.items()}, {"librivox/first": "one two", "librivox/second": "three"}
        )
        self.assertEqual({one.kind for one in found.values()}, {READ})

    def test_a_recording_without_a_text_is_refused_by_name(self):
        self.write("carried/third.wav")
        with self.assertRaisesRegex(recordings.RecordingError, "third.wav"):
            self.load()

    def test_more_recordings_come_by_folder_and_known_ones_are_not_doubled(self):
        self.write("more/librivox/transcription", "<s> one two </s> (first)")
        self.write("more/librivox/first.wav")
        self.write("more/cards/cards.transcription", "<s> ten of clubs  </s> (001)")
        self.write("more/cards/001.wav")
        self.write("more/languages/en/hello.txt", "Hello world.")
        self.write("more/languages/en/hello.wav")
        found = self.load()
        self.assertEqual(set(found), {"librivox/first", "librivox/second", "cards/001", "en/hello"})
        self.assertEqual(found["librivox/first"].path, self.root / "carried" / "first.wav")

    def test_speakers_come_from_rttm_and_words_from_stm_in_their_order(self):
        self.write("more/diarization/call.flac")
        self.write("more/diarization/meet.flac")
        self.write("more/diarization/call.stm", "call 1 B 5.0 6.0 And you?\ncall 1 A 1.0 2.0 I am fine.\n")
        line = "SPEAKER {} 1 {} {} <NA> <NA> {} <NA> <NA>\n"
        self.write("more/diarization/call.rttm", line.format("call", "1.5", "2.0", "A"))
        self.write("more/diarization/all.rttm", line.format("meet", "0.000", "0.250", "MÉO069"))
        found = self.load()
        call, meet = found["diarization/call"], found["diarization/meet"]
        self.assertEqual((call.kind, call.text, call.turns), (TELEPHONE, "I am fine. And you?", (Turn("A", 1.5, 3.5),)))
        self.assertEqual((meet.kind, meet.text, meet.turns), (MEETING, None, (Turn("MÉO069", 0.0, 0.25),)))

    def test_no_recordings_at_all_are_an_error(self):
        with self.assertRaises(recordings.RecordingError):
            recordings.load(self.root / "nowhere", None)


if __name__ == "__main__":
    unittest.main()
