import pathlib
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Tests" / "Soak"))

from workers.__main__ import waits


def event(message: str, milliseconds: int, task: str) -> dict:
    return {
        "message": message,
        "timestamp": f"2026-11-30T12:00:00.{milliseconds:03}Z",
        "metadata": {"task": task, "job": "job_1"},
    }


class WaitTests(unittest.TestCase):
    def test_a_slot_waits_from_the_end_of_its_task_to_the_start_of_the_next(self):
        events = [
            event("task started", 0, "prepare"),
            event("task done", 100, "prepare"),
            event("task started", 110, "clean"),
            event("task started", 130, "recognize"),
            event("task done", 200, "clean"),
            event("task done", 300, "recognize"),
            {"message": "worker draining", "timestamp": "2026-11-30T12:00:01.000Z"},
        ]
        self.assertEqual([round(wait, 3) for wait in waits(events)], [0.03])
