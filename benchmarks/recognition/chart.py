"""The chart of a run: bars of speed, CPU and memory, as an SVG that is readable on light and on dark ground."""

from xml.sax.saxutils import escape

from .contenders import LABELS

_WIDTH, _LABEL, _BAR, _ROW, _HEAD = 820, 250, 430, 26, 44

_STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .head { font-weight: 600 }
    .small { font-size: 11px; fill: #59636e }
    .ours { fill: #1f6feb }
    .other { fill: #afb8c1 }
    .range { stroke: #1f2328; stroke-width: 1.5 }
    @media (prefers-color-scheme: dark) {
        text { fill: #e6edf3 }
        .small { fill: #9198a1 }
        .ours { fill: #4493f8 }
        .other { fill: #656c76 }
        .range { stroke: #e6edf3 }
    }
"""

_PANELS = (
    ("speed_end_to_end", 1.0, 1, "Speed, × real time, end to end", "more is better"),
    ("cpu", 1.0, 3, "CPU-seconds a second of audio", "less is better"),
    ("memory", 1e-6, 0, "Peak memory, MB", "less is better"),
)


def draw(summary: dict) -> str:
    names = [name for name in LABELS if name in summary["contenders"]]
    height = len(_PANELS) * (_HEAD + _ROW * len(names)) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{escape(_caption(summary))}">',
        f"<style>{_STYLE}</style>",
    ]
    top = 0
    for panel in _PANELS:
        parts += _panel(summary, names, panel, top)
        top += _HEAD + _ROW * len(names)
    parts += [f'<text class="small" x="0" y="{top + 28}">{escape(_caption(summary))}</text>', "</svg>", ""]
    return "\n".join(parts)


def _panel(summary: dict, names: list[str], panel: tuple, top: int) -> list[str]:
    key, scale, digits, title, sense = panel
    figures = {name: summary["contenders"][name][key] for name in names}
    longest = max(figure["high"] for figure in figures.values()) or 1.0
    parts = [
        f'<text class="head" x="0" y="{top + 30}">{title}</text>',
        f'<text class="small" x="{_LABEL}" y="{top + 30}">{sense}</text>',
    ]
    for index, name in enumerate(names):
        y = top + _HEAD + index * _ROW
        figure = figures[name]
        length, low, high = (_LABEL + _BAR * figure[part] / longest for part in ("median", "low", "high"))
        kind = "ours" if name.startswith("verbatim") else "other"
        parts += [
            f'<text x="0" y="{y + 14}">{escape(LABELS[name])}</text>',
            f'<rect class="{kind}" x="{_LABEL}" y="{y + 2}" width="{length - _LABEL:.1f}" height="16" rx="2"/>',
            f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 10}" y2="{y + 10}"/>',
            f'<text x="{high + 8:.1f}" y="{y + 14}">{figure["median"] * scale:.{digits}f}</text>',
        ]
    return parts


def _caption(summary: dict) -> str:
    machine = summary["machine"]
    return (
        f"{summary['duration'] / 60:.1f} minutes of audio, {machine['cores_used']} cores of {machine['cpu']},"
        f" rounds: {summary['rounds']} (bar: median, line: lowest to highest), {summary['date']}"
    )
