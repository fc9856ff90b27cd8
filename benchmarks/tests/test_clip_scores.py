import pathlib
import unittest

from recognition.answer import Answer, Word
from recognition.concatenation import Placement
from recognition.material import Material, SoundFile
from recognition.measurement import ClipScores, score_clips
from recognition.recordings import MEETING, READ, Recording, Turn

RECORDINGS = [
    Recording("read", pathlib.Path("r"), READ, text="one two"),
    Recording("two", pathlib.Path("t"), MEETING, turns=(Turn("Ann", 0, 2), Turn("Ben", 2, 4))),
    Recording("single", pathlib.Path("s"), MEETING, turns=(Turn("Ann", 0, 4),)),
]


def score(**answers: Answer) -> ClipScores:
    clips = [
        SoundFile(recording.name, recording.path, 4.0, [Placement(index, 0.0, 4.0)], [])
        for index, recording in enumerate(RECORDINGS)
    ]
    return score_clips(answers, Material(RECORDINGS, clips, clips[0]))


class ClipScoreTests(unittest.TestCase):
    def test_every_recording_is_scored_by_itself(self):
        both = [Word("a", 0, 2, "speaker_0"), Word("b", 2, 4, "speaker_1")]
        scores = score(
            read=Answer([Word("one", 0, 1)], "en", "model"),
            two=Answer(both, "en", "model"),
            single=Answer(both, "cy", "model"),
        )
        self.assertEqual((scores.words[READ].words, scores.words[READ].deletions), (2, 1))
        self.assertEqual(scores.speakers_by_recording["two"].rate, 0)
        self.assertEqual(scores.speakers_by_recording["single"].rate, 0.5)
        self.assertEqual(scores.speakers.rate, 0.25)
        self.assertEqual(scores.speaker_counts_right, 1)
        self.assertEqual(scores.other_languages, {"single": "cy"})

    def test_a_refused_recording_has_all_its_words_deleted_and_is_named(self):
        heard = Answer([Word("a", 0, 4, "speaker_0")], "en", "model")
        scores = score(read=Answer([], error="empty_audio"), two=heard, single=heard)
        self.assertEqual(scores.words[READ].rate, 1)
        self.assertEqual(scores.refused, {"read": "empty_audio"})

    def test_a_contender_that_tells_nobody_apart_has_no_speaker_errors(self):
        answer = Answer([Word("one", 0, 1)], "en")
        scores = score(read=answer, two=answer, single=answer)
        self.assertIsNone(scores.speakers)
        self.assertIsNone(scores.speaker_counts_right)


if __name__ == "__main__":
    unittest.main()
