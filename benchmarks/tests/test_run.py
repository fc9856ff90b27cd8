import argparse
import json
import pathlib
import tempfile
import unittest
from unittest import mock

from bench import run
from bench.page import markers


class RunTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.checkout = pathlib.Path(folder.name)
        arguments = argparse.Namespace(folder=self.checkout / "home", write=True)
        self.bench = run.Run("floods", arguments, checkout=self.checkout)
        self.written: list[str] = []

    def test_the_files_of_a_run_are_its_own_and_go_also_when_it_fails(self) -> None:
        left = self.checkout / "home" / "files" / "left by a killed run"
        left.mkdir(parents=True)
        with self.assertRaises(OSError), self.bench.files() as files:
            self.assertEqual(list(files.iterdir()), [])
            self.assertTrue(self.bench.logs.is_dir())
            raise OSError("full")
        self.assertFalse(files.exists())

    def _publish(self, too_little: str | None = None, after: str = "one build") -> int:
        with mock.patch.object(run, "build_identity", return_value=after), mock.patch.object(run, "say"):
            return self.bench.publish("one build", too_little, lambda: self.written.append("page"), "page")

    def test_figures_of_two_builds_and_of_too_little_are_not_written(self) -> None:
        self.assertEqual(self._publish(after="another"), 3)
        self.assertEqual(self._publish(too_little="fewer than 10 minutes"), 0)
        self.assertEqual(self.written, [])
        self.assertEqual(self._publish(), 0)
        self.assertEqual(self.written, ["page"])

    def test_figures_are_written_between_the_markers_of_their_benchmark(self) -> None:
        for name in ("http", "queue", "upload", "decode", "startup"):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                page = pathlib.Path(folder) / "benchmarks" / "README.md"
                page.parent.mkdir()
                page.write_bytes((run.CHECKOUT / "benchmarks" / "README.md").read_bytes())
                bench = run.Run(name, argparse.Namespace(), checkout=pathlib.Path(folder))
                bench.write_figures(["first figures", "second figures"], {"rounds": 3}, "<svg/>")
                first, last = markers(name)
                self.assertIn(f"{first}\n\nfirst figures\n\nsecond figures\n\n{last}\n", page.read_text(encoding="utf-8"))
                self.assertEqual(json.loads((page.parent / f"{name}.json").read_text()), {"rounds": 3})
                self.assertEqual((page.parent / f"{name}.svg").read_text(), "<svg/>")


if __name__ == "__main__":
    unittest.main()
