import pathlib
import subprocess
import sys
import tempfile
import unittest

from bench.service import ServiceError
from made_up import MACHINE
from upload import figures, sink
from upload.client import Upload, check, send
from upload.measurement import COPY, SINK, VERBATIM, Files, Measurement, require_arrived


class SinkTests(unittest.TestCase):
    def test_it_keeps_whole_bodies_of_many_at_once(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "taken").mkdir()
            sent = folder / "sent"
            sent.write_bytes(bytes(range(256)) * 10_000)  # more than two of its blocks
            command = [sys.executable, "-I", sink.__file__, str(folder / "taken")]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
                try:
                    url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
                    place = folder / "curl"
                    place.mkdir()
                    ended, answers = send([Upload(url, "none", sent)] * 5, place)
                finally:
                    server.kill()
            kept = [path.read_bytes() for path in (folder / "taken").iterdir()]
            self.assertEqual(place.joinpath("curl.config").stat().st_mode & 0o777, 0o600)
        self.assertEqual([sent_bytes.count(bytes(range(256)) * 10_000) for sent_bytes in kept], [1] * 5)
        self.assertTrue(all(body.endswith(b"--\r\n") for body in kept))
        self.assertTrue(all(0 < answer["written"] <= answer["flushed"] <= ended.seconds for answer in answers))

    def test_uploads_that_are_not_all_accepted_are_found(self):
        check(["202", "202"], 2)
        for statuses in (["202"], ["202", "503"], ["202", "000"]):
            with self.assertRaisesRegex(ServiceError, "1 of 2 uploads"):
                check(statuses, 2)


class ArrivalTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def _file(self, name: str, content: bytes) -> pathlib.Path:
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def test_what_is_missing_short_long_or_changed_is_found(self):
        sent = self._file("sent", b"abcd")
        files = Files("one", [sent])
        require_arrived(files, [self._file("kept", b"abcd")])
        require_arrived(files, [self._file("form", b"--abcd--")], around=4)
        for words, kept in {
            "0 files": [],
            "2 files": [sent, sent],
            "3 bytes": [self._file("short", b"abc")],
            "5 bytes": [self._file("long", b"abcde")],
            "differs": [self._file("other", b"abce")],
        }.items():
            with self.assertRaisesRegex(ServiceError, words):
                require_arrived(files, kept)
        with self.assertRaisesRegex(ServiceError, "9 bytes"):
            require_arrived(files, [self._file("much", b"--abcd---")], around=4)


def measurement(contender: str, files: str, turn: int, seconds: float, **more) -> Measurement:
    return Measurement(contender, files, turn, 1000, seconds, 0.2, 0.3, 0.5, 0.1, 0.02, **more)


def summed() -> dict:
    measured = []
    for files in (figures.ONE, figures.MANY):
        for turn, slow in [(1, 1), (2, 2)]:
            measured += [
                measurement(COPY, files, turn, slow),
                measurement(SINK, files, turn, 2 * slow, memory={"peak": 13_000_000}),
                measurement(
                    VERBATIM, files, turn, 4 * slow, steps={"written": 3.0} | ({"stored": 3.5} if turn == 1 else {}),
                    memory={"idle": 50_000_000, "pss": 70_000_000, "peak": 90_000_000},
                ),
            ]
    return {
        "machine": MACHINE,
        "date": "2026-01-02",
        "commit": "abc",
        "rounds": 2,
        "files": {figures.ONE: {"count": 1, "megabytes": 1000}, figures.MANY: {"count": 200, "megabytes": 5}},
        "figures": figures.summarize(measured),
    }


class FigureTests(unittest.TestCase):
    def test_ratios_are_made_within_a_round(self):
        one = summed()["figures"]["one, verbatim"]
        self.assertEqual(one["copy_ratio"], {"median": 0.25, "low": 0.25, "high": 0.25})
        self.assertEqual(one["sink_ratio"]["median"], 0.5)
        self.assertEqual((one["seconds"]["low"], one["seconds"]["high"]), (4, 8))

    def test_a_step_that_was_not_seen_in_every_round_has_no_figure(self):
        self.assertEqual(list(summed()["figures"]["one, verbatim"]["steps"]), ["written"])

    def test_a_round_without_a_yardstick_has_no_ratio(self):
        with self.assertRaises(KeyError):
            figures.summarize([measurement(VERBATIM, "one", 1, 1)])

    def test_the_page_has_all_of_it(self):
        page = "\n\n".join(table.markdown() for table in figures.tables(summed()))
        self.assertIn("| curl to Verbatim, until the job is accepted | 6.00 (4.00–8.00) | 188 | 0.25 | 0.50 | 2.0 % |", page)
        self.assertIn("| curl to Verbatim, until the job is accepted | 3.00 s | – | – | 6.00 s |", page)
        self.assertIn("| 200 files of 5 MB at once: cp, then sync | 0.20 | 0.30 | – | – |", page)
        self.assertIn("| Verbatim's API, peak, proportional (PSS) | 70 | 70 |", page)
        self.assertIn("200 files of 5 MB at once", figures.chart(summed()))


if __name__ == "__main__":
    unittest.main()
