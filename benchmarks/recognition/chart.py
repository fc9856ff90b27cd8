"""The chart of a run: speed, CPU and memory of the contenders."""

from bench.chart import Bar, Panel
from bench.chart import draw as draw_panels
from bench.spread import Spread

from .contenders import LABELS

_PANELS = (
    ("speed_end_to_end", 1.0, 1, "Speed, × real time, end to end", "more is better"),
    ("cpu", 1.0, 3, "CPU-seconds a second of audio", "less is better"),
    ("memory", 1e-6, 0, "Peak memory, MB", "less is better"),
)


def draw(summary: dict) -> str:
    names = [name for name in LABELS if name in summary["contenders"]]

    def bar(name: str, key: str, scale: float) -> Bar:
        figure = summary["contenders"][name][key]
        spread = Spread(figure["median"] * scale, figure["low"] * scale, figure["high"] * scale)
        return Bar(LABELS[name], spread, is_ours=name.startswith("verbatim"))

    panels = [
        Panel(title, sense, digits, [bar(name, key, scale) for name in names])
        for key, scale, digits, title, sense in _PANELS
    ]
    return draw_panels(panels, _caption(summary))


def _caption(summary: dict) -> str:
    machine = summary["machine"]
    return (
        f"{summary['duration'] / 60:.1f} minutes of audio, {machine['cores_used']} cores of {machine['cpu']},"
        f" rounds: {summary['rounds']} (bar: median, line: lowest to highest), {summary['date']}"
    )
