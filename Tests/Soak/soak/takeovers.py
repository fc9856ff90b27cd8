"""How long the tasks of dead workers waited until another worker had them, computed from the changes of the tasks.

A task of a worker that is killed, or that stands still, is free when its lease ends. From then on only time counts in which it could be taken over."""

import math
from collections import Counter, defaultdict

LEASE, PATIENCE = 15.0, 5.0  # seconds
# A worker that noticed an outage of the database looks for lost tasks only when others had the time to extend their leases: two heartbeats.
_QUIET = 8.0
# On a machine without a free core all time is waiting, and nothing would ever be late.
_MOST_STALLED = 0.75


def takeovers(facts: dict) -> list[dict]:
    """The tasks that were lost with a worker, each with the `seconds` until another worker claimed it; None: never.

    After the end of the lease, time in which nobody could take it over does not count: the database, the pooler or the model server was away, or the task was
    free, but no worker's slot was. Nor does time in which some process waited for a core, up to three quarters. `clock` has the seconds with all that."""
    outages = [outage for outage in facts["outages"] if outage["what"] != "store"]
    crowds = no_free_slot(facts)
    history = defaultdict(list)
    for change in facts["changes"]:
        history[change["task"]].append(change)
    found = []
    for loss in facts["losses"]:
        for task, changes in history.items():
            before = [change for change in changes if change["at"] <= loss["at"]]
            if not before or before[-1]["status"] != "running" or before[-1]["worker"] != loss["worker"]:
                continue
            held = before[-1]
            later, due = changes[len(before) :], loss["at"] + LEASE
            end = _end(held, later, due + PATIENCE)
            if end == "ended":
                continue
            clock = seconds = None if end is None else end - loss["at"]
            if end is not None and end > due:
                free = next((change["at"] for change in later if change["status"] == "ready"), end)
                full = [{**crowd, "begin": max(crowd["begin"], free)} for crowd in crowds if crowd["end"] > free]
                counted = end - due - away(outages + (full if _takes_usual_slot(held) else []), due, end)
                seconds = LEASE + counted * (1 - min(_MOST_STALLED, stalled(facts["stalls"], due, end)))
            found.append({
                "task": task, "job": held["job"], "kind": held["kind"], "worker": loss["worker"], "seconds": seconds, "clock": clock,
            })
    return found


def _end(held: dict, later: list[dict], latest: float) -> float | str | None:
    """When another worker claimed the task; "ended" if it ended without; None if neither happened. If its own worker was stopped and finished it
    after `latest`, another one should have had it by then, so that is the time of that end."""
    for change in later:
        if change["status"] == "running" and change["fence"] != held["fence"]:
            return change["at"]
        if change["status"] in ("done", "failed", "cancelled", "deleted"):
            return change["at"] if change["status"] == "done" and change["at"] > latest else "ended"
    return None


def no_free_slot(facts: dict) -> list[dict]:
    """The times in which every running worker had as many tasks as slots."""
    events = [(change["at"], "task", change) for change in facts["changes"]]
    for life in facts["lives"]:
        if life["ready"] is not None:
            events.append((life["ready"], "up", life["worker"]))
            events.append((life["end"] or math.inf, "down", life["worker"]))
    for loss in facts["losses"]:
        events.append((loss["at"], "down", loss["worker"]))
        if "until" in loss:
            events.append((loss["until"], "up", loss["worker"]))
    holder: dict[str, str] = {}
    held, up, found, since = Counter(), set(), [], None
    for at, what, subject in sorted(events, key=lambda event: event[0]):
        if what == "up":
            up.add(subject)
        elif what == "down":
            up.discard(subject)
        else:
            held[holder.pop(subject["task"], None)] -= 1
            if subject["status"] == "running" and _takes_usual_slot(subject):
                holder[subject["task"]] = subject["worker"]
                held[subject["worker"]] += 1
        is_full = all(held[worker] >= facts["slots"] for worker in up)
        if is_full and since is None:
            since = at
        elif not is_full and since is not None:
            found.append({"what": "slots", "begin": since, "end": at})
            since = None
    return found


def _takes_usual_slot(change: dict) -> bool:
    return change["kind"] not in ("clean", "fetch") and not change["long"]


def away(outages: list[dict], begin: float, end: float) -> float:
    """How much of a time is within these outages, and the quiet time after those of the database."""
    total, at = 0.0, begin
    for outage in sorted(outages, key=lambda outage: outage["begin"]):
        first = max(at, outage["begin"])
        last = min(end, outage["end"] + (_QUIET if outage["what"] in ("database", "pooler") else 0))
        if last > first:
            total, at = total + last - first, last
    return total


def stalled(stalls: list[list[float]], begin: float, end: float) -> float:
    """The share of a time in which some process of the machine waited for a core. `stalls`: moments, and the seconds of waiting until then."""

    def until(moment: float) -> float:
        after = next((index for index, (at, _) in enumerate(stalls) if at >= moment), None)
        if not after:
            return stalls[-1 if after is None else 0][1]
        (first, low), (last, high) = stalls[after - 1], stalls[after]
        return low + (high - low) * (moment - first) / (last - first)

    return (until(end) - until(begin)) / (end - begin) if stalls else 0.0
