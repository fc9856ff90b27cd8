"""A whole run as one JSON object: what benchmarks/webhooks.json keeps, and the tables are made from.

    {"date","commit","machine","deliveries","rounds",
     "scenarios":{NAME:{"label","deliveries","rate","last","wait_p50","wait_p99","newcomer_p50","newcomer_p99","held",
                        "cpu","memory","others"}},
     "yardsticks":{"posts","writes"}, "ratios":{TEXT:SPREAD}}

Figures of several rounds are `{"median","low","high"}`. Units: seconds; rate: deliveries a second; cpu: milliseconds of
the sender and its database, a delivery; memory: bytes of the sender; others: a share, 0 to 1."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.spread import Spread

from .measurement import Measurement, quantile
from .scenarios import FAILED, ONE, WITH, WITHOUT, Scenario


@dataclass(frozen=True)
class Circumstances:
    """What a run was made of, besides its figures."""

    date: str
    commit: str
    machine: dict
    deliveries: int
    rounds: int


@dataclass(frozen=True)
class Yardsticks:
    posts: float
    """A second: bare ones, to the same receiver."""
    writes: float
    """A second: those of one delivery, all of them."""


def summarize(
    circumstances: Circumstances, made: dict[str, Scenario], measured: list[Measurement], rods: list[Yardsticks]
) -> dict:
    """One of `rods` a round."""
    by_name = {name: [one for one in measured if one.scenario == name] for name in made}
    return {
        **vars(circumstances),
        "scenarios": {name: _scenario(made[name], runs) for name, runs in by_name.items() if runs},
        "yardsticks": {
            "posts": Spread.of(rod.posts for rod in rods).record(),
            "writes": Spread.of(rod.writes for rod in rods).record(),
        },
        "ratios": _ratios(by_name, rods),
    }


def _scenario(scenario: Scenario, runs: list[Measurement]) -> dict:
    def spread(figure: Callable[[Measurement], float]) -> dict:
        return Spread.of(figure(run) for run in runs).record()

    found = {
        "label": scenario.label,
        "deliveries": scenario.good,
        "rate": spread(lambda run: run.rate),
        "last": spread(lambda run: run.seconds),
        "wait_p50": spread(lambda run: quantile(run.waits, 0.5)),
        "wait_p99": spread(lambda run: quantile(run.waits, 0.99)),
        "cpu": spread(lambda run: run.cpu_milliseconds),
        "memory": spread(lambda run: float(run.reading.peak_bytes["sender"])),
        "others": spread(lambda run: run.reading.others_share),
    }
    if scenario.newcomers:
        found["newcomer_p50"] = spread(lambda run: quantile(run.newcomer_waits, 0.5))
        found["newcomer_p99"] = spread(lambda run: quantile(run.newcomer_waits, 0.99))
    if scenario.hole:
        found["held"] = spread(lambda run: float(run.most_held))
    return found


def _ratios(by_name: dict[str, list[Measurement]], rods: list[Yardsticks]) -> dict:
    """Each within a round."""
    rates = {name: {run.round: run.rate for run in runs} for name, runs in by_name.items()}
    costs = {name: {run.round: run.cpu_milliseconds for run in runs} for name, runs in by_name.items()}
    posts = {turn: rod.posts for turn, rod in enumerate(rods, 1)}
    writes = {turn: rod.writes for turn, rod in enumerate(rods, 1)}
    pairs = {
        "rate with the black hole ÷ without": (rates[WITH], rates[WITHOUT]),
        "CPU a delivery with the black hole ÷ without": (costs[WITH], costs[WITHOUT]),
        "rate with endpoints that wait for a later try ÷ without": (rates[FAILED], rates[WITHOUT]),
        "rate of one endpoint alone ÷ of 18 that answer": (rates[ONE], rates[WITHOUT]),
        "rate with the black hole ÷ bare posts of curl": (rates[WITH], posts),
        "rate with the black hole ÷ bare writes of pgbench": (rates[WITH], writes),
    }
    found = {}
    for what, (ours, theirs) in pairs.items():
        both = ours.keys() & theirs.keys()
        if both:
            found[what] = Spread.of(ours[turn] / theirs[turn] for turn in both)
    return {what: spread.record() for what, spread in found.items()}
