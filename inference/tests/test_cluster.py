"""The parts of the cluster that need no Ray: calls, the ingress before parts that are simulated, and when a replica is unsound."""

import asyncio
import json
import unittest

import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from support import TRANSCRIPTIONS, form
from verbatim_inference.cluster.call import Call, Reply, answer
from verbatim_inference.cluster.ingress import Busy, Ingress, Lost, Unavailable
from verbatim_inference.cluster.soundness import Soundness
from verbatim_inference.options import Options
from verbatim_inference.pool import disconnected


def call(path: str = TRANSCRIPTIONS, body: bytes | None = None, method: str = "POST") -> Call:
    content, headers = form(b"audio") if body is None else (body, {"Content-Type": "application/json"})
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    raw.append((b"content-length", str(len(content)).encode()))
    return Call(method, path, raw, np.frombuffer(content, np.uint8))


class Part:
    """Answers a call with its size, or as `fails` says, once `may_answer` is set."""

    def __init__(self, fails: Exception | None = None, **facts) -> None:
        self.fails, self.facts = fails, facts
        self.calls: list[Call] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.cancelled = False

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self.fails:
            raise self.fails
        return Reply(200, [(b"content-type", b"text/plain")], str(call.body.size).encode(), self.facts)


class Cluster:
    def __init__(self, fails: Exception | None = None, **replicas: int) -> None:
        self.recognition = Part(fails, model="whisper_base")
        self.detection = Part(fails)
        self.diarization = Part(fails, diarization={"model": "carried"})
        self.running = {"recognition": 1, "detection": 1, "diarization": 1} | replicas

    async def replicas(self) -> dict[str, int]:
        return self.running


class AtTheIngress(unittest.IsolatedAsyncioTestCase):
    async def ask(self, cluster: Cluster, **fields) -> tuple[int, str, str | None]:
        """Returns the status, the error's code and `Retry-After`."""
        status, headers, body = await answer(Ingress(cluster, Options()).app, call(**fields))
        after = dict(headers).get(b"retry-after")
        return status, json.loads(body)["error"]["code"], after and after.decode()

    async def test_each_way_to_fail_has_its_answer(self):
        self.assertEqual(await self.ask(Cluster(Busy())), (503, "overloaded", "1"))
        self.assertEqual(await self.ask(Cluster(Unavailable())), (503, "model_loading", "1"))
        self.assertEqual(await self.ask(Cluster(Lost())), (502, "replica_lost", None))
        self.assertEqual(await self.ask(Cluster(recognition=0)), (503, "model_loading", "1"))

    async def test_a_part_without_replicas_does_not_stop_the_others(self):
        cluster = Cluster(diarization=0)
        app = Ingress(cluster, Options()).app
        self.assertEqual((await answer(app, call()))[0], 200)
        self.assertEqual((await answer(app, call("/v1/speakers", b"{}")))[0], 503)
        self.assertEqual((await answer(app, call("/health", b"", "GET")))[0], 503)
        self.assertEqual(cluster.diarization.calls, [])

    async def test_more_bytes_than_fit_are_rejected_until_there_is_room(self):
        cluster = Cluster()
        app = Ingress(cluster, Options(max_body_bytes=len(form(b"audio")[0]))).app
        cluster.recognition.may_answer.clear()
        held = [asyncio.create_task(answer(app, call())) for _ in range(2)]
        while len(cluster.recognition.calls) < 2:
            await asyncio.sleep(0)
        self.assertEqual((await answer(app, call()))[0], 503)
        cluster.recognition.may_answer.set()
        self.assertEqual([(await task)[0] for task in held], [200, 200])
        self.assertEqual((await answer(app, call()))[0], 200)

    async def test_work_for_a_client_that_has_gone_is_cancelled(self):
        cluster = Cluster()
        cluster.recognition.may_answer.clear()
        app = Ingress(cluster, Options()).app
        task = asyncio.create_task(answer(app, call()))
        while not cluster.recognition.calls:
            await asyncio.sleep(0)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        self.assertTrue(cluster.recognition.cancelled)

    async def test_health_knows_what_replicas_have_told(self):
        cluster = Cluster()
        ingress = Ingress(cluster, Options())
        self.assertEqual((await answer(ingress.app, call("/health", b"", "GET")))[0], 503)
        await ingress.learn()
        status, _, body = await answer(ingress.app, call("/health", b"", "GET"))
        told = json.loads(body)
        self.assertEqual((status, told["model"], told["diarization"]), (200, "whisper_base", {"model": "carried"}))
        cluster.recognition.facts = {"model": "whisper_new"}
        await answer(ingress.app, call())
        self.assertEqual(json.loads((await answer(ingress.app, call("/health", b"", "GET")))[2])["model"], "whisper_new")


class Calls(unittest.IsolatedAsyncioTestCase):
    async def test_a_large_body_arrives_whole(self):
        async def app(scope, receive, send):
            body = await Request(scope, receive).body()
            await PlainTextResponse(body[::-1])(scope, receive, send)

        content = np.random.default_rng(3).bytes(5_000_000)
        self.assertEqual((await answer(app, call(body=content)))[2], content[::-1])

    async def test_a_cancelled_call_ends_when_its_work_has_stopped(self):
        begun, stopped, told = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def app(scope, receive, send):
            request = Request(scope, receive)
            await request.body()
            begun.set()
            await disconnected(request)
            told.set()
            await stopped.wait()

        task = asyncio.create_task(answer(app, call()))
        await begun.wait()
        task.cancel()
        await told.wait()
        self.assertFalse(task.done())
        stopped.set()
        with self.assertRaises(asyncio.CancelledError):
            await task


class Sound(unittest.TestCase):
    def test_only_internal_errors_in_a_row_make_a_replica_unsound(self):
        soundness = Soundness()
        for status in (500, 500, 200, 500, 400, 499, 503, 500):
            soundness.note(status)
            soundness.check()
        soundness.note(500)
        with self.assertRaisesRegex(RuntimeError, "the last 3 requests failed"):
            soundness.check()


if __name__ == "__main__":
    unittest.main()
