"""The machine and the versions that figures belong to. Nothing here names the host."""

import os
import pathlib
import platform
import subprocess


def confine(count: int) -> int:
    """Confines this process, and what it starts from now on, to `count` cores; answers how many it has."""
    cores = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, cores)
    return len(cores)


def describe(cores: int) -> dict:
    """`cores`: how many of the machine's were used."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    with open("/proc/meminfo", encoding="utf-8") as file:
        kilobytes = int(file.readline().split()[1])
    return {
        "cores_used": cores,
        "cores": os.cpu_count(),
        "cpu": models[0] if models else platform.machine(),
        "memory_gb": round(kilobytes * 1024 / 1e9),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", platform.system()),
    }


def sentence(about: dict) -> str:
    """What `describe` says, for a page."""
    return (
        f"Machine: {about['cores_used']} of {about['cores']} cores of {about['cpu']}, {about['memory_gb']} GB, {about['system']}."
    )


def commit(checkout: pathlib.Path) -> str:
    """The commit that was measured, with a `+` when the product's files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-c", "safe.directory=*", "-C", str(checkout), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    try:
        changes = git("status", "--porcelain", "--", "Sources", "inference", "sql", "Package.swift", "Package.resolved")
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changes else "")
    except (OSError, subprocess.SubprocessError):
        return "not of a Git checkout"
