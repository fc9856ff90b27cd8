"""Judges a run: facts in, one line for each promise out. It only computes, so its tests can make up what went wrong.

`facts` is the JSON of a run, as `facts.py` collects it; that file says what each member is."""

import math
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from .takeovers import LEASE, PATIENCE, takeovers

_LENGTH_TOLERANCE, _TIME_TOLERANCE = 0.2, 0.3  # seconds; what encoders add
_ENDED = ("completed", "failed", "cancelled")
_MOST_CLAIMS, _MOST_ATTEMPTS = 8, 6


@dataclass
class Check:
    name: str
    figure: str
    faults: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return not self.faults


def judge(facts: dict) -> list[Check]:
    return [
        jobs(facts), lost(facts), bills(facts), ledger(facts), webhooks(facts), audio(facts), scratch(facts),
        tasks(facts), reservations(facts), recovery(facts), answers(facts), crashes(facts), nodes(facts),
    ]


def is_right(checks: list[Check]) -> bool:
    return all(check.is_right for check in checks)


def jobs(facts: dict) -> Check:
    """Every job ended in a way that its customer can expect."""
    ends, faults = Counter(), []
    explained = _explained(facts)
    for job in facts["jobs"]:
        end = job["status"]
        if end == "completed":
            fault = _wrong_transcript(job)
        elif end == "cancelled":
            fault = None if job["cancel"] else "cancelled by nobody"
        elif end == "failed":
            end = f"failed, {explained[job['id']]}" if job["id"] in explained else end
            fault = None if job["id"] in explained else f"failed with {job['error']}, and nothing explains it"
        else:
            fault = f"did not end: {end}"
        ends["wrong" if fault else end] += 1
        if fault:
            faults.append(f"{job['id']}: {fault}")
    told = ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))
    return Check("jobs, and how they ended", f"{len(facts['jobs'])}: {told}", faults)


def _wrong_transcript(job: dict) -> str | None:
    if job["heard"] != job["said"]:
        return f"said '{job['said'][:60]}…', was told '{job['heard'][:60]}…'"
    if abs(job["duration"] - job["seconds"]) > _LENGTH_TOLERANCE:
        return f"lasts {job['seconds']} s, was told {job['duration']} s"
    if job["deviation"] > _TIME_TOLERANCE:
        return f"a word is {job['deviation']:.2f} s from its place"
    return None


def _explained(facts: dict) -> dict[str, str]:
    """Failed jobs whose failure docs/operations.md announces: a task that lost its worker eight times, or six failed attempts."""
    found = {}
    claims: dict[tuple, int] = Counter()
    for change in facts["changes"]:
        if change["status"] == "running":
            claims[change["job"], change["task"]] += 1
    most = defaultdict(int)
    for (job, _), count in claims.items():
        most[job] = max(most[job], count)
    for row in facts["rows"]:
        if row["error"] == "internal_error" and most[row["id"]] >= _MOST_CLAIMS:
            found[row["id"]] = "its task lost eight workers"
        elif row["error"] == "transient_error" and most[row["id"]] >= _MOST_ATTEMPTS:
            found[row["id"]] = "six attempts failed"
    return found


def lost(facts: dict) -> Check:
    """The service has the jobs that customers were promised, each once."""
    rows = {row["id"]: row for row in facts["rows"]}
    accepted = Counter(job["id"] for job in facts["jobs"])
    faults = [f"{job}: accepted, and not there" for job in accepted if job not in rows]
    faults += [f"{job}: two submissions got it" for job, count in accepted.items() if count > 1]
    faults += [f"{row}: no customer was told of it" for row in rows if row not in accepted]
    faults += [f"{row['id']}: still {row['status']}" for row in rows.values() if row["status"] not in _ENDED]
    told = {job["id"]: job["status"] for job in facts["jobs"]}
    faults += [
        f"{row['id']}: {row['status']}, and its customer was told {told[row['id']]}"
        for row in rows.values()
        if row["id"] in told and told[row["id"]] != row["status"]
    ]
    return Check("jobs lost, or made twice", str(len(faults)), faults)


def bills(facts: dict) -> Check:
    """Each completed job is billed once, by its length; nothing else is billed. What customers are shown is the sum."""
    billed, faults = defaultdict(list), []
    for record in facts["usage"]:
        billed[record["job"]].append(record["seconds"])
    sums = Counter()
    for job in facts["jobs"]:
        wanted = [math.ceil(job["seconds"])] if job["status"] == "completed" else []
        sums[job["tenant"]] += sum(wanted)
        if billed.pop(job["id"], []) != wanted:
            faults.append(f"{job['id']}: should be billed {wanted}, is billed otherwise")
    faults += [f"{job}: billed, and no customer's" for job in billed]
    for tenant, shown in facts["shown"].items():
        if shown != {"used_seconds": sums[tenant], "reserved_seconds": 0}:
            faults.append(f"{tenant}: GET /usage shows {shown}, should be {sums[tenant]} s used and nothing reserved")
    twice = sum(1 for record, count in Counter(record["job"] for record in facts["usage"]).items() if count > 1)
    return Check("billed twice", f"{twice}; {sum(sums.values())} s billed in {len(facts['usage'])} records", faults)


def ledger(facts: dict) -> Check:
    verified = facts["verified"]
    return Check(
        "usage verify", f"exit status {verified['status']}",
        [] if verified["status"] == 0 else verified["output"].splitlines() or ["it said nothing"],
    )


def webhooks(facts: dict) -> Check:
    """Each endpoint that wants a job's event has acknowledged it; all arrivals of a job's event are the same, and signed."""
    faults, acknowledged, identities = [], set(), defaultdict(set)
    arrivals = [arrival for arrival in facts["arrivals"] if arrival["event"].startswith("job.")]
    for arrival in arrivals:
        identities[arrival["job"]].add((arrival["event"], arrival["event_id"], arrival["body"]))
        if arrival["answer"] == "200":
            acknowledged.add((arrival["job"], arrival["endpoint"]))
        if not arrival["signed"]:
            faults.append(f"{arrival['job']}: an event with a wrong signature")
    wanted = {(job["id"], endpoint): job["status"] for job in facts["jobs"] for endpoint in job["endpoints"]}
    missing = [place for place in wanted if place not in acknowledged]
    faults += [f"{job}: the event never arrived at {endpoint}" for job, endpoint in missing]
    doubled = [job for job, found in identities.items() if len(found) > 1]
    faults += [f"{job}: two different events" for job in doubled]
    status = {job["id"]: job["status"] for job in facts["jobs"]}
    for arrival in arrivals:
        if arrival["tenant"] != facts["tenants"].get(arrival["job"], arrival["tenant"]):
            faults.append(f"{arrival['job']}: its event went to another account")
        if arrival["event"] != f"job.{status.get(arrival['job'])}":
            faults.append(f"{arrival['job']}: told {arrival['event']}, is {status.get(arrival['job'])}")
        elif (arrival["job"], arrival["endpoint"]) not in wanted:
            faults.append(f"{arrival['job']}: told {arrival['endpoint']}, which is not its endpoint")
    again = len(arrivals) - len({(arrival["job"], arrival["endpoint"]) for arrival in arrivals})
    return Check(
        "webhooks lost, doubled", f"{len(missing)} of {len(wanted)} lost, {len(doubled)} doubled; {again} sent again",
        faults,
    )


def audio(facts: dict) -> Check:
    """Nothing of a job's audio is left, but what awaits the sweep: it belongs to no job, or was written after its job's clean-up."""
    faults, swept = [], 0
    kept = {row["id"]: row["deleted"] for row in facts["rows"]}
    for item in facts["objects"]:
        if item["job"] in kept and kept[item["job"]] is None:
            faults.append(f"{item['key']}: its job has ended, and its audio is not deleted")
        elif item["job"] in kept and item["changed"] <= kept[item["job"]]:
            faults.append(f"{item['key']}: is older than the time at which it is said to be deleted")
        elif facts["swept"] is None:
            swept += 1
        else:
            faults.append(f"{item['key']}: no sweep removed it")
    faults += [f"{row['id']}: its audio was never deleted" for row in facts["rows"] if row["deleted"] is None]
    told = f"{len(facts['objects'])} left"
    if facts["swept"] is None:
        told += f", {swept} of them for the hourly sweep"
    else:
        told += f"; {facts['swept']} without a job were swept"
    return Check("audio left in the object store", told, faults)


def scratch(facts: dict) -> Check:
    """Nothing is left of uploads, copies and decoded audio. A download that another worker ended stays until the node's hourly cleanup."""
    downloads = [file for file in facts["scratch"] if ": downloads/" in file] if facts["swept"] is None else []
    left = [file for file in facts["scratch"] if file not in downloads]
    told = f", and {len(downloads)} downloads for the hourly cleanup" if downloads else ""
    return Check("files left in scratch folders", f"{len(left)}{told}", left)


def tasks(facts: dict) -> Check:
    return Check("tasks left", str(len(facts["tasks"])), [f"{task['kind']} of {task['job']}" for task in facts["tasks"]])


def reservations(facts: dict) -> Check:
    return Check("reservations held", str(len(facts["reservations"])), facts["reservations"])


def recovery(facts: dict) -> Check:
    """How long the tasks of each killed or stopped worker waited until another worker had them."""
    waits, clocks, faults = [], [], []
    for task in takeovers(facts):
        if task["seconds"] is None:
            faults.append(f"{task['kind']} of {task['job']}: nobody took it over from {task['worker']}")
            continue
        waits.append(task["seconds"])
        clocks.append(task["clock"])
        if task["seconds"] > LEASE + PATIENCE:
            faults.append(f"{task['kind']} of {task['job']}: taken over after {task['seconds']:.1f} s")
    workers = len({(loss["worker"], loss["at"]) for loss in facts["losses"]})
    if not waits and not faults:
        faults.append("no worker had a task when it died, so nothing was shown")
    told = f"{len(waits)} tasks of {workers} workers"
    if waits:
        told += f": worst {max(waits):.1f} s, median {statistics.median(waits):.1f} s (at most {LEASE + PATIENCE:.0f})"
        told += f"; by the clock worst {max(clocks):.1f} s"
    return Check("taken over from dead workers", told, faults)


def answers(facts: dict) -> Check:
    """No request was answered 500 or the like; only 503, which says when to come again."""
    wrong = Counter({
        status: count for status, count in facts["statuses"].items() if status.startswith("5") and not status.startswith("503")
    })
    faults = [f"customers got {count} × {status}" for status, count in wrong.items()]
    faults += [f"{line}" for line in facts["logged_500"]]
    if facts["unannounced_503"]:
        faults.append(f"{facts['unannounced_503']} × 503 without Retry-After")
    told = ", ".join(f"{count} × {status}" for status, count in sorted(facts["statuses"].items()))
    return Check("answers of 500", f"{sum(wrong.values())}; {told}", faults)


def crashes(facts: dict) -> Check:
    """No program ended unless it was told to, except nodes that could not start while something that they need was away."""
    faults = list(facts["crash_lines"])
    refused = 0
    for end in facts["exits"]:
        if end["ordered"]:
            if end["code"] not in (0, -9):
                faults.append(f"{end['node']} ended with {end['code']} when it was told to stop")
        elif end["at_start"] and end["code"] == 1 and any(
            outage["begin"] <= end["at"] <= outage["end"] + PATIENCE for outage in facts["outages"]
        ):
            refused += 1
        else:
            faults.append(f"{end['node']} ended by itself with {end['code']}")
    kills = sum(1 for end in facts["exits"] if end["ordered"])
    return Check("crashes", f"{len(faults)}; {kills} ordered ends, {refused} starts refused during outages", faults)


def nodes(facts: dict) -> Check:
    """Afterward every node is ready and idle."""
    faults = []
    for node in facts["nodes"]:
        if not node["ready"]:
            faults.append(f"{node['name']} is not ready")
        faults += [f"{node['name']}: {name} is {value:g}" for name, value in node["busy"].items() if value]
        if node["connections"] > 4:
            faults.append(f"{node['name']} holds {node['connections']} connections to the database")
    faults += [f"left behind: {child}" for child in facts["children"]]
    if facts["open_transactions"]:
        faults.append(f"{facts['open_transactions']} transactions are open in the database")
    memory = ", ".join(f"{node['name']} {node['memory_mb']:.0f}" for node in facts["nodes"])
    return Check("nodes ready and idle", f"{sum(node['ready'] for node in facts['nodes'])} of {len(facts['nodes'])}; MB: {memory}", faults)
