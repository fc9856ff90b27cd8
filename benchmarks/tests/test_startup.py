import pathlib
import sys
import tempfile
import unittest
from unittest import mock

from bench.service import ServiceError, free_port
from made_up import MACHINE
from startup import figures, nodes
from startup.commands import YARDSTICK, Command, Cost, measure

# Listens at once, says so, is ready at the third question, and holds some memory; its child does, too.
_NODE = """
import http.server, json, subprocess, sys
questions = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global questions
        questions += 1
        self.send_response(200 if questions >= 3 else 503)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_): pass
held = bytearray(b"x" * 100_000_000)
memory = "held = bytearray(b'x' * 50_000_000); print('held', flush=True); input()"
child = subprocess.Popen([sys.executable, "-c", memory], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("plain words, no JSON", flush=True)
if sys.argv[1] == "0":
    address = f"http://127.0.0.1:{server.server_address[1]}"
    print(json.dumps({"message": "listening for metrics", "metadata": {"address": address}}), flush=True)
server.serve_forever()
"""


class NodeTests(unittest.TestCase):
    def _start(self, code: str, address: str | None = None, port: int = 0) -> nodes.Start:
        node = nodes.Node([sys.executable, "-c", code, str(port)], {}, "/readyz", address)
        at_once = mock.patch.multiple(nodes, _SETTLE=0.1, _IDLE=0.1)
        with tempfile.TemporaryDirectory() as folder, at_once:
            return nodes.measure(node, pathlib.Path(folder) / "log")

    def test_it_listens_before_it_is_ready_and_its_memory_is_told_apart(self):
        port = free_port()
        for start in (self._start(_NODE), self._start(_NODE, f"http://127.0.0.1:{port}", port)):
            self.assertLess(start.listening_seconds, start.ready_seconds)
            self.assertGreater(start.cpu_seconds, 0)
            self.assertGreater(start.idle_bytes, 100_000_000)
            self.assertGreater(start.children_bytes, 50_000_000)
            self.assertLess(start.children_bytes, start.idle_bytes)

    def test_a_node_that_ends_at_its_start_is_an_error(self):
        with self.assertRaisesRegex(ServiceError, "did not say that it listens"):
            self._start("print('no')")
        with self.assertRaisesRegex(ServiceError, "ended at its start"):
            self._start("print('no')", f"http://127.0.0.1:{free_port()}")

    def test_only_a_line_of_the_log_that_says_so_names_the_address(self):
        said = b'{"message":"listening","metadata":{"address":"http://127.0.0.1:1"}}\n'
        self.assertEqual(nodes.listens_at(said), "http://127.0.0.1:1")
        for line in (b"listening\n", b"[]\n", b'{"message":"listening"}\n', said.replace(b"listening", b"Request"), said[:-9]):
            self.assertIsNone(nodes.listens_at(line))

    def test_a_command_has_the_medians_of_its_runs(self):
        cost = measure(Command([sys.executable, "-c", "pass"], {}), 3)
        self.assertGreater(cost.seconds, 0)
        self.assertGreater(cost.cpu_seconds, 0)
        with self.assertRaises(ServiceError):
            measure(Command(["/bin/false"], {}), 1)


def start(ready: float, children: int = 0) -> nodes.Start:
    return nodes.Start(0.1, ready, 0.2, 24_000_000, children, 0.002)


def summed() -> dict:
    costs = [{YARDSTICK: Cost(0.01, 0.009), "verbatim --version": Cost(0.02, 0.018)} for _ in range(2)]
    starts = [
        {nodes.API: start(0.2 * slow), nodes.SERVE: start(3 * slow, 170_000_000), nodes.SERVER: start(slow)}
        for slow in (1, 2)
    ]
    return {
        "machine": MACHINE,
        "date": "2026-01-02",
        "commit": "abc",
        "rounds": 2,
        "runs": 20,
        "sizes": {"verbatim": 68.66},
        "commands": figures.commands(costs),
        "nodes": figures.nodes(starts, costs),
        "others": {"median": 0.02, "low": 0.01, "high": 0.03},
    }


class FigureTests(unittest.TestCase):
    def test_a_node_with_a_model_is_compared_with_the_model_server_of_its_round(self):
        found = summed()["nodes"]
        self.assertEqual(found[nodes.SERVE]["ratio"], {"median": 3, "low": 3, "high": 3})
        self.assertEqual((found[nodes.API]["ratio"]["low"], found[nodes.API]["ratio"]["high"]), (20, 40))

    def test_the_page_has_all_of_it(self):
        page = "\n\n".join(table.markdown() for table in figures.tables(summed()))
        self.assertIn("| verbatim --version | 20.0 | 18.0 | 2.00 |", page)
        self.assertIn("| verbatim serve | 0.10 s | 4.50 (3.00–6.00) s | 0.20 | 3.00 model server alone |", page)
        self.assertIn("| verbatim api | 24 | – | 0.2 |", page)
        self.assertIn("| verbatim | 68.7 |", page)
        self.assertIn("2.0 (1.0–3.0) % of the cores", figures.heading(summed()))
        self.assertIn("model server alone", figures.chart(summed()))


if __name__ == "__main__":
    unittest.main()
