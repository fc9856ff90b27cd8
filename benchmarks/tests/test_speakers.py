import pathlib
import tempfile
import unittest
from dataclasses import replace

import numpy as np

from recognition.recordings import MEETING, Recording, Turn
from speakers import choosing, conversations, rooms, scores, sounds, voices
from speakers.conversations import Kind
from speakers.voices import Voice

RATE = sounds.RATE


def tone(pitch: float, seconds: float) -> np.ndarray:
    return (0.1 * np.sin(np.arange(int(seconds * RATE)) * 2 * np.pi * pitch / RATE)).astype(np.float32)


def people(count: int) -> list[Voice]:
    """Each speaks in another pitch, in utterances of 0.5 to 4 s."""
    return [Voice(f"v{one}", tuple(tone(200 + 150 * one, length) for length in (0.5, 1, 2, 4) * 8)) for one in range(count)]


def made(kind: Kind, seed: int = 1, count: int = 8) -> conversations.Conversation:
    return conversations.make(kind, people(count), np.eye(count), seed)


class ConversationTests(unittest.TestCase):
    kind = Kind("k", (3, 4), 60, rooms=(rooms.Room(),))

    def test_who_speaks_when_is_what_the_samples_have(self):
        made_up = made(self.kind)
        self.assertEqual(made_up.samples.size, 60 * RATE)
        self.assertIn(len(made_up.speakers), (3, 4))
        for turn in made_up.turns:
            self.assertTrue(0 <= turn.start < turn.end <= 60)
            part = made_up.samples[round(turn.start * RATE) : round(turn.end * RATE)]
            pitch = 200 + 150 * int(turn.speaker[1:])
            spectrum = np.abs(np.fft.rfft(part))
            near = np.abs(np.fft.rfftfreq(part.size, 1 / RATE) - pitch) < 12
            self.assertGreater(spectrum[near].max(), 0.1 * spectrum.max(), turn)
        silent = np.ones(60 * RATE, bool)
        for turn in made_up.turns:
            silent[round(turn.start * RATE) : round(turn.end * RATE)] = False
        self.assertFalse(made_up.samples[silent].any())

    def test_the_same_seed_makes_the_same_and_another_another(self):
        first, again, other = made(self.kind), made(self.kind), made(self.kind, 2)
        self.assertTrue(np.array_equal(first.samples, again.samples))
        self.assertEqual(first.turns, again.turns)
        self.assertNotEqual(first.turns, other.turns)

    def test_the_overlap_and_the_words_in_between_are_what_the_kind_says(self):
        def overlap(kind: Kind) -> float:
            heard = np.zeros((2, 600 * 100))
            for seed in range(10):
                for turn in made(kind, seed).turns:
                    span = slice(seed * 6000 + round(turn.start * 100), seed * 6000 + round(turn.end * 100))
                    heard[1, span] += heard[0, span]
                    heard[0, span] += 1
            return float((heard[0] > 1).sum() / (heard[0] > 0).sum())

        self.assertLess(overlap(replace(self.kind, overlap=0, words=0)), 0.001)
        self.assertTrue(0.02 < overlap(self.kind) < 0.2)

    def test_voices_that_are_alike_are_chosen_where_that_is_asked_for(self):
        likeness = np.zeros((10, 10))
        likeness[:5, :5] = likeness[5:, 5:] = 0.8
        for seed in range(20):
            one = conversations.make(Kind("k", (2, 2), 20, alike=1.0), people(10), likeness, seed)
            self.assertEqual(len({int(name[1:]) < 5 for name in one.speakers}), 1)

    def test_somebody_who_speaks_once_speaks_once(self):
        for seed in range(10):
            one = made(replace(self.kind, speakers=(3, 3), once=1.0), seed)
            seconds = [sum(turn.end - turn.start for turn in one.turns if turn.speaker == name) for name in one.speakers]
            self.assertLess(min(seconds), 1.8)


class RoomTests(unittest.TestCase):
    def test_noise_is_as_loud_as_it_says(self):
        speech = tone(300, 5)
        noisy = rooms.recorded(speech, rooms.Room(noise=20), np.random.default_rng(1))
        ratio = 10 * np.log10(np.square(speech).mean() / np.square(noisy - speech).mean())
        self.assertAlmostEqual(ratio, 20, delta=0.5)

    def test_a_telephone_leaves_out_what_is_low_and_high(self):
        room = rooms.Room(telephone=True)
        for pitch, passes in ((100, False), (1000, True), (5000, False)):
            heard = rooms.recorded(tone(pitch, 25), room, np.random.default_rng(1))
            level = float(np.square(heard).mean() / np.square(tone(pitch, 25)).mean())
            self.assertAlmostEqual(level, float(passes), delta=0.05)

    def test_an_echo_comes_after_the_speech_in_any_block(self):
        click = np.zeros(40 * RATE, np.float32)
        click[:: 10 * RATE] = 0.5
        heard = rooms.placed(click, rooms.Room(echo=0.4), np.random.default_rng(1))
        for start in range(0, click.size, 10 * RATE):
            self.assertGreater(np.square(heard[start : start + RATE // 5]).sum(), 0.01)
            self.assertLess(np.abs(heard[start + RATE : start + 2 * RATE]).max(), 1e-4)


class SpeechTests(unittest.TestCase):
    def test_pauses_within_speech_are_bridged_and_others_not(self):
        samples = np.concatenate([tone(300, 1), np.zeros(RATE // 5), tone(300, 1), np.zeros(RATE), tone(300, 0.5)])
        spans = [(round(start / RATE, 1), round(end / RATE, 1)) for start, end in sounds.spoken(samples)]
        self.assertEqual(spans, [(0.0, 2.2), (3.2, 3.7)])
        self.assertEqual(sounds.spoken(np.zeros(RATE)), [])

    def test_utterances_are_cut_where_one_speaks_alone(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "m.wav"
            path.write_bytes(sounds.wav(tone(300, 10)))
            said = Recording("m", path, MEETING, turns=(Turn("Ann", 0, 5), Turn("Ben", 4, 8), Turn("Ann", 8.2, 8.5)))
            found = {voice.name: voice for voice in voices.of_recordings([said])}
        self.assertEqual(set(found), {"Ann", "Ben"})
        self.assertAlmostEqual(found["Ann"].seconds, 3.9, 2)
        self.assertAlmostEqual(found["Ben"].seconds, 2.9, 2)

    def test_an_altered_voice_is_higher_and_faster(self):
        other = voices.altered(people(1)[0], 1.25)
        self.assertAlmostEqual(other.seconds, people(1)[0].seconds / 1.25, 1)
        spectrum = np.abs(np.fft.rfft(other.utterances[3]))
        self.assertAlmostEqual(np.fft.rfftfreq(other.utterances[3].size, 1 / RATE)[spectrum.argmax()], 250, delta=2)


class ScoreTests(unittest.TestCase):
    def test_parts_and_counts_are_added_up(self):
        said = [Turn("Ann", 0, 6), Turn("Ben", 6, 10)]
        right = scores.score(said, [Turn("1", 0, 6), Turn("0", 6, 10)])
        wrong = scores.score(said, [Turn("0", 0, 9), Turn("0", 10, 11)])
        self.assertEqual((right.errors, right.speakers, right.found), (0, 2, 2))
        self.assertAlmostEqual(wrong.missed, 1)
        self.assertAlmostEqual(wrong.false_alarm, 1)
        self.assertAlmostEqual(wrong.confused, 3)
        sums = scores.add_up([right, wrong])
        self.assertAlmostEqual(sums.rate, 5 / 20)
        self.assertEqual((sums.counts_right, sums.counts_off), (1, 1))

    def test_nothing_heard_is_all_missed(self):
        nothing = scores.score([Turn("Ann", 0, 6)], [])
        self.assertEqual((nothing.speech, nothing.missed, nothing.found), (6, 6, 0))


class ChoosingTests(unittest.TestCase):
    def test_the_value_of_a_recording_is_chosen_by_the_others(self):
        # By itself, the first recording would have 2; by the sum of all, everybody would.
        costs = {1.0: [9.0, 1.0, 1.0], 2.0: [0.0, 2.0, 2.0]}
        self.assertEqual(choosing.left_out(costs, 1.0), [1.0, 2.0, 2.0])

    def test_among_equals_the_nearest_to_the_present_one_stays(self):
        self.assertEqual(choosing.best({1.0: 0.5, 3.0: 0.5, 9.0: 0.5}, 3.0), 3.0)
        self.assertEqual(choosing.best({1.0: 0.4, 3.0: 0.5}, 3.0), 1.0)


if __name__ == "__main__":
    unittest.main()
