import base64
import hashlib
import hmac
import json
import pathlib
import socket
import tempfile
import unittest

from bench.client import Client
from bench.meter import Reading
from bench.page import markers
from bench.service import ServiceError
from made_up import MACHINE
from webhooks import publication, scenarios, summary
from webhooks.judgment import judge
from webhooks.measurement import Measurement, quantile
from webhooks.receiving import Arrival, Receiver

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def arrival(event: str = "evt_1", body: str = '{"event_id":"evt_1"}', path: str = "/backlog/ten_1/0") -> Arrival:
    signed = hmac.new(b"k" * 32, f"{event}.17.{body}".encode(), hashlib.sha256).digest()
    headers = {
        "webhook-id": event,
        "webhook-timestamp": "17",
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
        "x-transcription-signature": hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest(),
    }
    return Arrival(1.0, path, headers, body)


class Written:
    """A database that answers with what the events are in the end."""

    def __init__(self, *events: Arrival, status: str = "delivered", attempt: str = "1") -> None:
        self._rows = [
            [one.id, "ten_1", one.path, hashlib.md5(one.body.encode()).hexdigest(), status, attempt, attempt]
            for one in events
        ]

    def run(self, _: str) -> list[list[str]]:
        return self._rows


class JudgmentTests(unittest.TestCase):
    def assert_refused(self, words: str, arrivals: list[Arrival], written: Written) -> None:
        with self.assertRaisesRegex(ServiceError, words):
            judge(arrivals, written, {"ten_1": SECRET})

    def test_each_event_once_as_written_and_signed_is_right(self):
        other = arrival("evt_2", "{}")
        judge([other, arrival()], Written(arrival(), other), {"ten_1": SECRET})

    def test_one_that_is_missing_or_comes_twice_or_is_nobodys_is_found(self):
        self.assert_refused("came 0 times", [], Written(arrival()))
        self.assert_refused("came 2 times", [arrival(), arrival()], Written(arrival()))
        self.assert_refused("nobody wrote", [arrival(), arrival("evt_2")], Written(arrival()))

    def test_another_body_address_or_signature_is_found(self):
        written = Written(arrival())
        self.assert_refused("another body", [arrival(body="{}")], written)
        self.assert_refused("elsewhere", [arrival(path="/backlog/ten_2/0")], written)
        for name in ("x-transcription-signature", "webhook-signature"):
            forged = arrival()
            forged.headers[name] += "0"
            self.assert_refused("signatures", [forged], written)

    def test_what_was_tried_twice_or_is_still_with_a_sender_is_found(self):
        self.assert_refused("after 2 tries", [arrival()], Written(arrival(), attempt="2"))
        self.assert_refused("left with a sender", [arrival()], Written(arrival(), status="sending"))

    def test_the_black_holes_events_wait_on(self):
        lost = arrival(path="/hole/")
        judge([], Written(lost, status="pending", attempt="0"), {})
        self.assert_refused("nobody answered", [], Written(lost))


class ReceiverTests(unittest.TestCase):
    def test_it_keeps_what_came_and_counts_it_and_its_hole_holds_on(self):
        with tempfile.TemporaryDirectory() as folder, Receiver(pathlib.Path(folder)) as receiver:
            for number in range(3):
                Client(receiver.url).post(f"/backlog/ten_1/{number}", {"number": number})
            port = int(receiver.hole.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as held:
                held.sendall(b"POST / HTTP/1.1\r\n\r\n")
                self.assertEqual((receiver.count("backlog"), receiver.count("newcomer")), (3, 0))
                receiver.end()
        self.assertEqual([one.path for one in receiver.arrivals], [f"/backlog/ten_1/{number}" for number in range(3)])
        self.assertEqual([json.loads(one.body)["number"] for one in receiver.arrivals], [0, 1, 2])
        self.assertEqual(receiver.arrivals[0].headers["content-type"], "application/json")
        self.assertEqual(receiver.most_held, 1)


def measurement(scenario: str, turn: int, seconds: float) -> Measurement:
    reading = Reading(seconds, {"sender": 3.0, "database": 1.5, "receiver": 1}, {"sender": 50_000_000}, 0, 0.02, 0.1)
    return Measurement(scenario, turn, 9000, seconds, [1.0, seconds], [0.05], 8, reading)


def summed(*measured: Measurement) -> dict:
    circumstances = summary.Circumstances("2026-01-02", "abc", MACHINE, 10_000, 2)
    rods = [summary.Yardsticks(10_000, 4000), summary.Yardsticks(20_000, 4000)]
    return summary.summarize(circumstances, scenarios.make(10_000), list(measured), rods)


class FigureTests(unittest.TestCase):
    def test_ratios_are_made_within_a_round(self):
        both = [measurement(scenarios.WITH, 1, 9), measurement(scenarios.WITHOUT, 1, 9)]
        both += [measurement(scenarios.WITHOUT, 2, 4.5), measurement(scenarios.WITH, 2, 4.5)]
        ratios = summed(*both)["ratios"]
        self.assertEqual(ratios["rate with the black hole ÷ without"], {"median": 1, "low": 1, "high": 1})
        self.assertEqual(ratios["rate with the black hole ÷ bare posts of curl"]["high"], 0.1)

    def test_a_rate_is_of_all_the_time_from_the_senders_start(self):
        one = measurement(scenarios.WITH, 1, 9)
        self.assertEqual((one.rate, one.cpu_milliseconds), (1000, 0.5))
        self.assertIn("| 1000 | 9.0 s | 0.50 | 50 | 2.0 % |", publication.markdown(summed(one)))

    def test_quantiles_are_of_what_was_seen(self):
        self.assertEqual((quantile([1, 2, 3], 0.5), quantile([1, 2, 3], 0.99), quantile([], 0.5)), (2, 3, None))

    def test_every_number_of_deliveries_divides_among_the_accounts(self):
        for scenario in (one for count in (100, 1000, 12_300) for one in scenarios.make(count).values()):
            self.assertEqual(scenario.good % scenario.accounts, 0)

    def test_the_figures_are_replaced_and_those_of_others_stay(self):
        begin, end = markers(publication.MARKERS)
        other = "<!-- figures: begin -->\n\nold\n\n<!-- figures: end -->\n"
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            (folder / "README.md").write_text(f"{other}{begin}\n\nold\n\n{end}\nAfter\n", encoding="utf-8")
            publication.publish(folder, summed(measurement(scenarios.WITH, 1, 9)))
            page = (folder / "README.md").read_text(encoding="utf-8")
            kept = json.loads((folder / "webhooks.json").read_text(encoding="utf-8"))
        self.assertTrue(page.startswith(other) and page.endswith("\nAfter\n"))
        self.assertEqual(page.count("old"), 1)
        self.assertEqual(kept["scenarios"][scenarios.WITH]["rate"]["median"], 1000)


if __name__ == "__main__":
    unittest.main()
