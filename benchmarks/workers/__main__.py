"""What scripts/bench workers starts: one long recording, transcribed by one worker with one slot and by two, in turns; then many
short ones by one worker, and how long its slot is free between two tasks.

The engine is the scripted model server of Tests/Soak. It takes a fixed time for each second of audio and no processor time, as if each worker had an
accelerator of its own; so what is measured is how well the chunks are spread. Prints tables on standard output. Options are checked by the script. Exit 1
with one sentence on standard error when a word is wrong, or when two workers are not faster by as much as `--least` says."""

import argparse
import datetime
import json
import os
import pathlib
import random
import statistics
import sys
import time
from collections.abc import Iterable

from bench import machine
from bench.deployment import Deployment
from bench.run import Run, main
from bench.service import Service, ServiceError
from bench.spread import Spread
from bench.table import Table
from soak import audio
from soak.programs import Speaking

SHORT_JOBS = 60


def _bench(run: Run) -> int:
    arguments = run.arguments
    with run.files() as files:
        said = audio.script(random.Random(1), arguments.minutes * 60)
        recording = files / "long.wav"
        audio.write(said, recording)
        engine = Speaking(
            [sys.executable, "-m", "soak.model_server", "--pace", str(arguments.pace)], dict(os.environ), run.logs / "engine.log")
        try:
            deployment = Deployment(
                run.checkout, files, run.logs, arguments.database_url, VERBATIM_WORKER_SLOTS="1",
                VERBATIM_INFERENCE_URL=f"http://127.0.0.1:{engine.said['port']}")
            api = deployment.start_api()
            try:
                rounds = [
                    {count: _transcribe(deployment, api.client, recording, said, count) for count in (1, 2)}
                    for _ in range(arguments.rounds)
                ]
                waits = _waits(deployment, api.client, files / "short.wav")
            finally:
                api.stop()
        finally:
            engine.stop()
    ratios = Spread.of(one[1] / one[2] for one in rounds)
    run.keep({"rounds": rounds, "ratio": ratios.record(), "waits": waits})
    about = machine.describe(len(os.sched_getaffinity(0)))
    print(f"{about['cores']} cores of {about['cpu']}; {run.begun.date()}, commit {machine.commit(run.checkout)}")
    print(f"{said.seconds / 60:.1f} minutes, {len(said.words)} words; the engine takes {arguments.pace:g} s for each second")
    rows = [[f"{count} of one slot", f"{Spread.of(one[count] for one in rounds).text(1)} s"] for count in (1, 2)]
    rows.append(["the first ÷ the second", ratios.text(2)])
    print(Table(["workers", "median (lowest–highest)"], rows).text(), flush=True)
    median, late = statistics.median(waits) * 1000, sorted(waits)[len(waits) * 99 // 100] * 1000
    print(f"\nFrom the end of a task to the start of the worker's next one, {len(waits)} times, while jobs waited:")
    print(f"median {median:.0f} ms, 99 % within {late:.0f} ms", flush=True)
    if ratios.median < arguments.least:
        print(f"scripts/bench: two workers are only {ratios.median:.2f} times as fast as one.", file=sys.stderr)
        return 1
    return 0


def _transcribe(deployment: Deployment, client, recording, said: audio.Script, count: int) -> float:
    """The seconds from the job's start to its end."""
    workers: list[Service] = [deployment.start_worker() for _ in range(count)]
    try:
        for worker in workers:
            worker.wait(lambda: b'"worker started"' in worker.log.read_bytes(), patience=60)
        job = client.post_file("/jobs", recording, [("diarize", "false")])["job_id"]
        while (answer := client.get(f"/jobs/{job}"))["status"] in ("queued", "processing"):
            time.sleep(0.2)
        if answer["status"] != "completed":
            raise ServiceError(f"the job ended as {answer['status']}: {answer['error']}")
        segments = client.get(f"/jobs/{job}/transcript?format=json")["segments"]
        if [word["text"].strip() for segment in segments for word in segment["words"]] != said.text:
            raise ServiceError("the transcript has other words than the recording")
        return _time(answer["completed_at"]) - _time(answer["started_at"])
    finally:
        for worker in workers:
            worker.stop()


def _waits(deployment: Deployment, client, recording: pathlib.Path) -> list[float]:
    """How long the only slot of a worker was free before it got its next task, in seconds, as the worker's log tells it."""
    audio.write(audio.script(random.Random(2), 5), recording)
    jobs = [client.post_file("/jobs", recording, [("diarize", "false")])["job_id"] for _ in range(SHORT_JOBS)]
    worker = deployment.start_worker()
    try:
        for job in jobs:
            while client.get(f"/jobs/{job}")["status"] in ("queued", "processing"):
                time.sleep(0.2)
        lines = worker.log.read_text("utf-8").splitlines()
    finally:
        worker.stop()
    return waits(json.loads(line) for line in lines if line.startswith("{"))


def waits(events: Iterable[dict]) -> list[float]:
    """Of the events of a worker with one slot, in order. Clean-ups need no slot."""
    found, free = [], None
    for event in events:
        if event.get("metadata", {}).get("task") == "clean":
            continue
        if event["message"] == "task done":
            free = _time(event["timestamp"])
        elif event["message"] == "task started" and free is not None:
            found.append(_time(event["timestamp"]) - free)
            free = None
    return found


def _time(text: str) -> float:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=int, required=True)
    parser.add_argument("--pace", type=float, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--least", type=float, default=1.8)


if __name__ == "__main__":
    sys.exit(main("workers", _options, _bench))
