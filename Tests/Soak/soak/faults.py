"""What goes wrong in a run, chosen by the seed: each kind once, in a random order, then at random."""

import contextlib
import os
import random
import signal
import threading
import time

from .database import DatabaseError
from .deployment import Deployment
from .programs import Program
from .takeovers import LEASE


_SUBJECTS = ("worker", "API", "pooler", "database", "model", "store", "disk")


class Faults:
    # How often each kind comes after the first round.
    KINDS = {
        "kill a worker": 5, "stop a worker": 2, "end a worker": 2, "kill an API": 4, "end an API": 2, "kill the pooler": 2,
        "kill the database": 2, "kill the model server": 1, "cut the store off": 2, "stop the store": 1, "slow down the store": 1,
        "slow down the model server": 1, "slow down the pooler": 1, "fill a disk": 1,
    }

    def __init__(self, deployment: Deployment, seed: int, interval: tuple[float, float], say) -> None:
        self._deployment, self._rng, self._interval, self._say = deployment, random.Random(seed), interval, say
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self.done: list[dict] = []
        self.losses: list[dict] = []
        """Workers that were killed or stopped: when, and their names in the table `tasks`."""
        self.outages: list[dict] = []
        """Times in which something was away that a claim needs."""
        self.broken: list[str] = []

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in self.KINDS if kind != "fill a disk" or self._deployment.has_small_disk]

    def start(self) -> None:
        self._conductor = threading.Thread(target=self._run, daemon=True)
        self._conductor.start()

    def stop(self) -> None:
        """Waits until everything works again."""
        self._stopping.set()
        self._conductor.join()
        for thread in self._threads:
            thread.join()

    @property
    def missing(self) -> list[str]:
        """The kinds that have not come yet."""
        return sorted(set(self.kinds) - {fault["kind"] for fault in self.done})

    def _run(self) -> None:
        first = self._missed = self.kinds
        self._rng.shuffle(first)
        while not self._stopping.wait(self._rng.uniform(*self._interval)):
            with self._lock:
                free = [kind for kind in self.kinds if _subject(kind) not in self._busy]
                if not free:
                    continue
                kind = next((kind for kind in first if kind in free), None)
                if kind:
                    first.remove(kind)
                else:
                    kind = self._rng.choices(free, [self.KINDS[kind] for kind in free])[0]
                subject = _subject(kind)
                if subject not in ("worker", "API"):  # of which there are several
                    self._busy.add(subject)
            thread = threading.Thread(target=self._do, args=(kind, subject, random.Random(self._rng.random())), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _do(self, kind: str, subject: str, rng: random.Random) -> None:
        begun = time.time()
        try:
            told = getattr(self, "_" + kind.replace(" ", "_").lower())(rng)
            if told is None:
                with self._lock:
                    self._missed.append(kind)
            else:
                self.done.append({"kind": kind, "at": begun, "until": time.time(), "told": told})
        except Exception as fault:  # A fault that does not come about would make the run easier than it says.
            self.broken.append(f"{kind}: {fault!r}")
        finally:
            with self._lock:
                self._busy.discard(subject)

    def _take(self, rng: random.Random, nodes: list[Program], preferred: list[int] = ()) -> Program | None:
        """One that nothing else happens to; None if there is none. One stays untouched."""
        with self._lock:
            free = [node for node in nodes if node.name not in self._busy]
            if len(free) < 2:
                return None
            node = rng.choice([node for node in free if node.pid in preferred] or free)
            self._busy.add(node.name)
            return node

    def _release(self, node: Program) -> None:
        with self._lock:
            self._busy.discard(node.name)

    def _busy_worker(self, rng: random.Random) -> Program | None:
        """One that has a task. If there is none in ten seconds, any."""
        pids, until = [], time.monotonic() + 10
        while not pids and time.monotonic() < until and not self._stopping.wait(0.1):
            with contextlib.suppress(DatabaseError):
                workers = self._deployment.database.rows("SELECT DISTINCT worker FROM tasks WHERE status = 'running'")
                alive = {worker.pid for worker in self._deployment.workers if worker.is_wanted}
                pids = [pid for row in workers if (pid := int(row["worker"].rpartition(":")[2])) in alive]
        return self._take(rng, self._deployment.workers, pids)

    def _lose(self, node: Program, kind: str) -> dict:
        loss = {"worker": str(node.pid), "node": node.name, "at": time.time(), "kind": kind}
        self.losses.append(loss)
        return loss

    def _kill_a_worker(self, rng: random.Random) -> str | None:
        if (node := self._busy_worker(rng)) is None:
            return None
        self._lose(node, "killed")
        node.end(signal.SIGKILL)
        return self._again(node, rng)

    def _stop_a_worker(self, rng: random.Random) -> str | None:
        if (node := self._busy_worker(rng)) is None:
            return None
        loss = self._lose(node, "stopped")
        node.process.send_signal(signal.SIGSTOP)
        time.sleep(LEASE + rng.uniform(3, 8))
        node.process.send_signal(signal.SIGCONT)
        loss["until"] = time.time()
        self._release(node)
        return node.name

    def _end_a_worker(self, rng: random.Random) -> str | None:
        return self._replace(self._take(rng, self._deployment.workers), rng)

    def _kill_an_api(self, rng: random.Random) -> str | None:
        if (node := self._take(rng, self._deployment.apis)) is None:
            return None
        node.end(signal.SIGKILL)
        return self._again(node, rng)

    def _end_an_api(self, rng: random.Random) -> str | None:
        return self._replace(self._take(rng, self._deployment.apis), rng)

    def _replace(self, node: Program | None, rng: random.Random) -> str | None:
        if node is None:
            return None
        node.end(signal.SIGTERM)
        return self._again(node, rng)

    def _again(self, node: Program, rng: random.Random) -> str:
        time.sleep(rng.uniform(0.5, 2.5))
        node.start()
        node.wait(120)
        self._release(node)
        return node.name

    def _kill_the_pooler(self, rng: random.Random) -> str:
        return self._kill_for_a_while("pooler", rng)

    def _kill_the_model_server(self, rng: random.Random) -> str:
        return self._kill_for_a_while("model", rng)

    def _kill_for_a_while(self, name: str, rng: random.Random) -> str:
        program = self._deployment.programs[name]
        with self._away(name) as outage:
            program.end(signal.SIGKILL)
            time.sleep(rng.uniform(0.5, 3))
            program.start()
            program.wait()
            self._deployment.wait_for_database()
        return _length(outage)

    def _kill_the_database(self, rng: random.Random) -> str:
        database = self._deployment.database
        with self._away("database") as outage:
            database.kill()
            time.sleep(rng.uniform(0.5, 2))
            database.start()
            self._deployment.wait_for_database()
        return _length(outage)

    def _cut_the_store_off(self, rng: random.Random) -> str:
        with self._away("store") as outage:
            self._deployment.relay("store", "cut")
            time.sleep(rng.uniform(2, 8))
            self._deployment.relay("store", "open")
        return _length(outage)

    def _stop_the_store(self, rng: random.Random) -> str:
        with self._away("store") as outage:
            os.kill(self._deployment.store_process.pid, signal.SIGSTOP)
            time.sleep(rng.uniform(3, 8))
            os.kill(self._deployment.store_process.pid, signal.SIGCONT)
        return _length(outage)

    def _slow_down_the_store(self, rng: random.Random) -> str:
        return self._slow_down("store", rng, delay=0.1, rate=300_000)

    def _slow_down_the_model_server(self, rng: random.Random) -> str:
        return self._slow_down("model", rng, delay=0.1, rate=600_000)

    def _slow_down_the_pooler(self, rng: random.Random) -> str:
        return self._slow_down("pooler", rng, delay=0.03, rate=500_000)

    def _slow_down(self, name: str, rng: random.Random, **how: float) -> str:
        seconds = rng.uniform(5, 10)
        self._deployment.relay(name, "slow", **how)
        time.sleep(seconds)
        self._deployment.relay(name, "open")
        return f"for {seconds:.1f} s"

    def _fill_a_disk(self, rng: random.Random) -> str:
        bytes_ = self._deployment.fill_disk()
        time.sleep(rng.uniform(5, 10))
        self._deployment.free_disk()
        return f"{bytes_ >> 20} MiB"

    @contextlib.contextmanager
    def _away(self, what: str):
        outage = {"what": what, "begin": time.time(), "end": float("inf")}
        self.outages.append(outage)
        yield outage
        outage["end"] = time.time()


def _subject(kind: str) -> str:
    return next(word for word in kind.split() if word in _SUBJECTS)


def _length(outage: dict) -> str:
    return f"for {outage['end'] - outage['begin']:.1f} s"
