import subprocess
import sys
import unittest

from bench import processes
from bench.meter import Meter

_BURN = "import time\nwhile time.process_time() < {}: pass\n"


class Program:
    """Python code in a process of its own that is told by a line when to go on, and tells by a line when it has."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import os, subprocess, sys\n" + code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Program":
        self.hear()
        return self

    def __exit__(self, *_) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def hear(self) -> str:
        return self.process.stdout.readline().strip()

    def go_on(self) -> str:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.hear()


_SAY = "print({}, flush=True); sys.stdin.readline()\n"


class MeterTests(unittest.TestCase):
    def test_cpu_time_of_the_process_and_of_children_that_ended_is_counted(self):
        child = f"subprocess.run([sys.executable, '-c', {_BURN.format(0.3)!r}])\n"
        code = _SAY.format("'ready'") + child + _BURN.format(0.4) + _SAY.format("'done'")
        with Program(code) as program:
            with Meter({"it": program.process.pid}) as meter:
                program.go_on()
        self.assertGreaterEqual(meter.reading.cpu_seconds["it"], 0.6)
        self.assertLess(meter.reading.cpu_seconds["it"], 2)

    def test_cpu_time_from_before_is_not_counted(self):
        code = _BURN.format(0.5) + _SAY.format("'ready'") + _SAY.format("'done'")
        with Program(code) as program:
            with Meter({"it": program.process.pid}) as meter:
                program.go_on()
        self.assertLess(meter.reading.cpu_seconds["it"], 0.2)

    def test_memory_of_children_is_in_the_peak(self):
        child = "import sys; held = bytearray(200_000_000); print('held', flush=True); sys.stdin.readline()"
        code = f"held = subprocess.Popen([sys.executable, '-c', {child!r}], stdin=-1, stdout=-1)\n"  # -1: pipes
        code += "held.stdout.readline()\n" + _SAY.format("'ready'") + _SAY.format("'done'") + "held.kill()\n"
        with Program(code) as program:
            with Meter({"it": program.process.pid}) as meter:
                pass
            for pid in processes.tree(program.process.pid):
                if pid != program.process.pid:
                    self.addCleanup(_kill, pid)
        self.assertGreater(meter.reading.peak_bytes["it"], 200_000_000)
        self.assertLess(meter.reading.peak_bytes["it"], 300_000_000)
        self.assertEqual(meter.reading.peak_bytes_all, meter.reading.peak_bytes["it"])

    def test_a_root_that_ended_has_no_figures(self):
        with Program(_SAY.format("'ready'")) as program:
            with self.assertRaisesRegex(ChildProcessError, "'it'"):
                with Meter({"it": program.process.pid}):
                    program.process.kill()
                    program.process.wait()

    def test_what_others_use_is_told_apart(self):
        code = _SAY.format("'ready'") + _BURN.format(0.5) + _SAY.format("'done'")
        with Program(_SAY.format("'ready'") + _SAY.format("'done'")) as idle, Program(code) as busy:
            with Meter({"idle": idle.process.pid}) as alone:
                busy.go_on()
        self.assertGreater(alone.reading.others_share, 0.1)
        self.assertLess(alone.reading.cpu_seconds["idle"], 0.1)


def _kill(pid: int) -> None:
    import contextlib
    import os

    with contextlib.suppress(OSError):
        os.kill(pid, 9)


class StopTests(unittest.TestCase):
    def test_stopping_a_process_ends_children_that_ignore_its_end(self):
        child = (
            "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"
        )
        code = f"held = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)\n"
        code += "held.stdout.readline()\n" + _SAY.format("'ready'")
        with Program(code) as program:
            members = processes.tree(program.process.pid)
            self.assertEqual(len(members), 2)
            processes.stop(program.process, patience=5)
        self.assertEqual([pid for pid in members if processes.is_alive(pid)], [])


if __name__ == "__main__":
    unittest.main()
