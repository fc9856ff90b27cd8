"""The model server, for tests: it recognizes the same audio with the same fields once, and remembers the answer.

Hundreds of journeys send the same few recordings, and recognizing them was a third of the tests' processor time. All
else is the server's own: HTTP, forms, queue, cancellation, models."""

import copy
import hashlib
import os
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "inference"))

from verbatim_inference import __main__ as command
from verbatim_inference.service import Service

answers = {}
locks = {}
run = Service.run


async def run_once(self, request, form, task, is_look=False):
    fields = sorted((name, value) for name, value in form._data.multi_items() if isinstance(value, str))

    def remembered(samples, stop):
        digest = hashlib.sha256(samples.tobytes()).digest()
        key = (request.url.path, tuple(fields), digest)
        with locks.setdefault(key, threading.Lock()):
            if key not in answers:
                answers[key] = task(samples, stop)
            return copy.deepcopy(answers[key])

    return await run(self, request, form, remembered, is_look)


Service.run = run_once
code = command.main()
sys.stderr.flush()
os._exit(code)
