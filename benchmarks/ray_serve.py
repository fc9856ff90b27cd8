"""What one replica on Ray Serve costs beside the ordinary model server; see `ray-serve`."""

import argparse
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
        print("| request | ordinary, s | Ray, s | Ray ÷ ordinary, median (lowest–highest) |\n| --- | ---: | ---: | ---: |")
        for name, path, request in requests:
            rows = [[timed(server, path, request) for server in (ordinary, ray)] for _ in range(arguments.rounds + 1)][1:]
            ratios = [other / one for one, other in rows]
            one, other = (statistics.median(column) for column in zip(*rows, strict=True))
            spread = f"{statistics.median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f})"
            print(f"| {name} | {one:.3f} | {other:.3f} | {spread} |", flush=True)
        print("\n| memory | MB |\n| --- | ---: |")
        print(f"| ordinary server | {memory(ordinary.process.pid)} |")
        print(f"| Ray, all processes | {memory(ray.process.pid)} |")
        for deployment in ("Recognition", "Detection", "Diarization", "Ingress"):
            print(f"| a replica of {deployment} | {sum(map(memory, ray.replicas(deployment)))} |")
    finally:
        ray.close()
        ordinary.stop()


def timed(server: Server, path: str, request: tuple[bytes, dict]) -> float:
    begun = time.monotonic()
    status, _, answer = server.call("POST", path, *request)
    if status != 200:
        raise SystemExit(f"{path} answered {status}: {answer[:300]!r}")
    return time.monotonic() - begun


def memory(pid: int) -> int:
    """Returns the memory of a process and all its descendants in MB; shared pages count in proportion."""
    kilobytes = 0
    pending = [pid]
    while pending:
        folder = pathlib.Path(f"/proc/{pending.pop()}")
        lines = (folder / "smaps_rollup").read_text().splitlines()
        kilobytes += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        for children in folder.glob("task/*/children"):
            pending += map(int, children.read_text().split())
    return round(kilobytes / 1000)


if __name__ == "__main__":
    main()
