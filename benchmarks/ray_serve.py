"""What one replica on Ray Serve costs beside the ordinary model server; see `ray-serve`."""

import argparse
import os
import pathlib
import statistics
import time

from support import TRANSCRIPTIONS, WITH_WORDS, Server, form, samples, silence, wav
from test_on_ray import Ray

CLIPS = ("0870", "0880", "0890", "0920", "0930")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks/ray-serve")
    parser.add_argument("recordings", nargs="*", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    reading = wav(b"".join(samples(number) + silence(0.4) for number in CLIPS))
    words = form(reading, language="en", **WITH_WORDS)
    requests = [
        ("speech detection, 27 s", "/v1/audio/speech-activity", form(reading)),
        ("recognition, 27 s", TRANSCRIPTIONS, words),
        ("speaker tracks, 27 s", "/v1/audio/speaker-tracks", form(reading)),
    ]
    for path in arguments.recordings:
        content = path.read_bytes()
        requests.append((f"recognition, {path.name}", TRANSCRIPTIONS, form(content, path.name, language="en", **WITH_WORDS)))
        requests.append((f"speaker tracks, {path.name}", "/v1/audio/speaker-tracks", form(content, path.name)))

    ordinary, ray = Server("--workers", "1").ready(), Ray()
    try:
        print("| request | ordinary, s | Ray, s | Ray ÷ ordinary, median (lowest–highest) | CPU, Ray ÷ ordinary |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for name, path, request in requests:
            rows = [[timed(server, path, request) for server in (ordinary, ray)] for _ in range(arguments.rounds + 1)][1:]
            (one, other), cpu = ([statistics.median(pair[at][of] for pair in rows) for at in (0, 1)] for of in (0, 1))
            ratios = [second[0] / first[0] for first, second in rows]
            spread = f"{statistics.median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f})"
            print(f"| {name} | {one:.3f} | {other:.3f} | {spread} | {cpu[1] / cpu[0]:.3f} |", flush=True)
        print("\n| memory | MB |\n| --- | ---: |")
        print(f"| ordinary server | {memory(ordinary.process.pid)} |")
        print(f"| Ray, all processes | {memory(ray.process.pid)} |")
        for deployment in ("Recognition", "Detection", "Diarization", "Ingress"):
            print(f"| a replica of {deployment} | {sum(map(memory, ray.replicas(deployment)))} |")
    finally:
        ray.close()
        ordinary.stop()


def timed(server: Server, path: str, request: tuple[bytes, dict]) -> tuple[float, float]:
    """Returns the seconds that a request took, and the processor seconds of all the server's processes."""
    used, begun = cpu_seconds(server.process.pid), time.monotonic()
    status, _, answer = server.call("POST", path, *request)
    if status != 200:
        raise SystemExit(f"{path} answered {status}: {answer[:300]!r}")
    return time.monotonic() - begun, cpu_seconds(server.process.pid) - used


def processes(pid: int) -> list[pathlib.Path]:
    """Returns the folders in /proc of a process and all its descendants."""
    folder = pathlib.Path(f"/proc/{pid}")
    children = [int(child) for task in folder.glob("task/*/children") for child in task.read_text().split()]
    return [folder, *(path for child in children for path in processes(child))]


def cpu_seconds(pid: int) -> float:
    ticks = 0
    for folder in processes(pid):
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Returns the memory of a process and all its descendants in MB; shared pages count in proportion."""
    lines = [line for folder in processes(pid) for line in (folder / "smaps_rollup").read_text().splitlines()]
    return round(sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000)


if __name__ == "__main__":
    main()
