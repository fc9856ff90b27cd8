import copy
import json
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree as xml

from bench.page import markers
from made_up import MACHINE, measurement, summed
from recognition import chart, publication, tables

BEGIN, END = markers(publication.MARKERS)
PAGE = f"# Before\n\n{BEGIN}\n\nold\n\n{END}\n\nAfter\n"


class PublicationTests(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = pathlib.Path(place.name)
        (self.folder / "README.md").write_text(PAGE, encoding="utf-8")

    def page(self) -> str:
        return (self.folder / "README.md").read_text(encoding="utf-8")

    def kept(self) -> list[dict]:
        return json.loads((self.folder / "recognition.json").read_text(encoding="utf-8"))["runs"]

    def test_figures_are_replaced_and_all_around_them_stays(self):
        publication.publish(self.folder, summed(measurement("raw-whole", 1, 60, 90)))
        self.assertTrue(self.page().startswith("# Before\n"))
        self.assertTrue(self.page().endswith("\nAfter\n"))
        self.assertNotIn("old", self.page())
        self.assertIn("| bare engine, one worker | 20.0 | 10.0 | 0.150 | 500 | 2.0 % |", self.page())

    def test_another_length_is_kept_beside_and_the_same_length_is_replaced(self):
        publication.publish(self.folder, summed(measurement("peer", 1, 60, 90), date="2026-01-01"))
        publication.publish(self.folder, summed(measurement("peer", 1, 60, 90), minutes=60))
        publication.publish(self.folder, summed(measurement("peer", 1, 60, 90), date="2026-01-03"))
        self.assertEqual(
            [(run["minutes"], run["date"]) for run in self.kept()], [(60, "2026-01-02"), (10, "2026-01-03")]
        )
        self.assertIn("| peak MB | 10 min | 60 min |", self.page())

    def test_figures_of_another_machine_make_room(self):
        other = {**MACHINE, "cpu": "Slow"}
        publication.publish(self.folder, summed(measurement("peer", 1, 60, 90), minutes=60, machine=other))
        publication.publish(self.folder, summed(measurement("peer", 1, 60, 90)))
        self.assertEqual([run["minutes"] for run in self.kept()], [10])
        self.assertNotIn("Slow", self.page())

    def test_a_page_without_markers_is_an_error_and_nothing_is_written(self):
        (self.folder / "README.md").write_text("# Mine\n", encoding="utf-8")
        with self.assertRaises(ValueError):
            publication.publish(self.folder, summed(measurement("peer", 1, 60, 90)))
        self.assertEqual([path.name for path in self.folder.iterdir()], ["README.md"])

    def test_the_chart_shows_the_run_with_most_contenders(self):
        both = summed(measurement("peer", 1, 60, 90), measurement("raw-whole", 1, 60, 90))
        publication.publish(self.folder, both)
        publication.publish(self.folder, summed(measurement("verbatim-words", 1, 60, 90), minutes=60))
        drawn = (self.folder / "recognition.svg").read_text(encoding="utf-8")
        self.assertIn("open-asr-server", drawn)
        self.assertNotIn("Verbatim", drawn)


class ChartTests(unittest.TestCase):
    def test_it_is_xml_and_its_longest_bar_is_that_of_the_largest_figure(self):
        fast, slow = measurement("verbatim-words", 1, 50, 90), measurement("peer", 1, 100, 90)
        drawn = xml.fromstring(chart.draw(summed(fast, slow)))
        bars = [float(bar.get("width")) for bar in drawn.iter("{http://www.w3.org/2000/svg}rect")]
        self.assertEqual(len(bars), 6)
        self.assertAlmostEqual(bars[0], 2 * bars[1], delta=0.2)
        self.assertEqual(bars[0], 430)


class TableTests(unittest.TestCase):
    def test_rounds_that_differ_show_their_range(self):
        measured = [measurement("peer", 1, 60, 90), measurement("peer", 2, 50, 90), measurement("peer", 3, 40, 90)]
        row = tables.speed(summed(*measured)).rows[0]
        self.assertEqual(row[:3], ["open-asr-server", "24.0 (20.0–30.0)", "12.0 (10.0–15.0)"])

    def test_a_build_that_tells_no_speakers_apart_is_named_as_such(self):
        without = summed(measurement("verbatim-speakers", 1, 60, 90))
        self.assertIn("told none apart", " ".join(tables.remarks(without)))
        with_model = summed(measurement("verbatim-speakers", 1, 60, 90, "a model"))
        self.assertEqual(tables.remarks(with_model), ["Speakers were told apart by a model."])

    def test_recordings_without_a_transcript_are_named(self):
        run = copy.deepcopy(summed(measurement("peer", 1, 60, 90)))
        run["clips"]["peer"] = {"refused": {"cards/001": "empty_audio"}, "other_languages": {"cards/002": "cy"}}
        self.assertEqual(
            tables.remarks(run),
            [
                "open-asr-server gave no transcript of cards/001 (empty_audio), each alone.",
                "open-asr-server took for another language cards/002 (cy), each alone.",
            ],
        )


if __name__ == "__main__":
    unittest.main()
