import os
import sys
import time
import unittest
from unittest import mock

from bench import processes
from bench.cores import Cores, why_not_idle
from bench.program import run
from bench.service import ServiceError

_BURN = "import time\nwhile time.process_time() < {}: pass\n"


class ProgramTests(unittest.TestCase):
    def test_time_memory_and_words_of_a_program_are_its_own(self):
        code = _BURN.format(0.3) + "held = bytearray(200_000_000)\n" + _BURN.format(0.6) + "print('done')"
        ended = run([sys.executable, "-c", code])
        self.assertGreaterEqual(ended.cpu_seconds, 0.6)
        self.assertLess(ended.cpu_seconds, 3)
        self.assertGreaterEqual(ended.seconds, 0.6)
        self.assertGreater(ended.peak_bytes, 200_000_000)
        self.assertLess(ended.peak_bytes, 300_000_000)
        self.assertEqual(ended.output, "done\n")

    def test_the_parents_memory_is_not_the_programs(self):
        held = bytearray(300_000_000)
        ended = run([sys.executable, "-c", _BURN.format(0.3)])
        self.assertLess(ended.peak_bytes, len(held) / 3)
        self.assertGreater(ended.peak_bytes, 1_000_000)

    def test_input_is_a_file_and_output_may_go(self):
        ended = run([sys.executable, "-c", "import os; print(os.fstat(0).st_size)"], input=__file__)
        self.assertEqual(int(ended.output), os.stat(__file__).st_size)
        self.assertEqual(run([sys.executable, "-c", "print('x' * 1_000_000)"], keeps_output=False).output, "")

    def test_a_program_that_fails_or_hangs_is_one_sentence(self):
        with self.assertRaisesRegex(ServiceError, "ended with 3: no room$"):
            run([sys.executable, "-c", "import sys; print('no room', file=sys.stderr); sys.exit(3)"])
        with self.assertRaisesRegex(ServiceError, "ended with -9"):
            run([sys.executable, "-c", "import signal; signal.pause()"], patience=0.5)


class TimesTests(unittest.TestCase):
    def test_children_are_told_apart_and_a_peak_is_forgotten(self):
        before = processes.times(os.getpid())
        run([sys.executable, "-c", _BURN.format(0.4)])
        used = processes.times(os.getpid()) - before
        self.assertGreaterEqual(used.children, 0.3)  # Linux tells hundredths
        self.assertLess(used.user + used.system, 0.4)
        held = bytearray(300_000_000)
        del held
        self.assertGreater(processes.peak_bytes(os.getpid()), 300_000_000)
        processes.forget_peak(os.getpid())
        self.assertLess(processes.peak_bytes(os.getpid()), 300_000_000)

    def test_of_a_process_that_is_gone_there_is_nothing(self):
        gone = 1 << 30
        self.assertEqual(processes.times(gone), processes.Times(0, 0, 0))
        self.assertEqual((processes.peak_bytes(gone), processes.own_memory_bytes(gone)), (0, 0))


class CoresTests(unittest.TestCase):
    def test_what_this_process_starts_is_not_others(self):
        with mock.patch("bench.cores.busy_seconds", side_effect=[100, 103]):
            begun = time.monotonic()
            with Cores() as cores:
                run([sys.executable, "-c", _BURN.format(1)])
            passed = time.monotonic() - begun
        others = cores.others_share * passed * len(os.sched_getaffinity(0))
        self.assertLess(others, 2.1)
        self.assertGreater(others, 1.2)

    def test_cores_are_idle_if_others_used_little_of_them_in_the_middle(self):
        self.assertIsNone(why_not_idle([0.02, 0.01, 0.9]))
        self.assertIn("others used 50 %", why_not_idle([0.5, 0.01, 0.9]))


if __name__ == "__main__":
    unittest.main()
