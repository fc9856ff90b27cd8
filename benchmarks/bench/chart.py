"""A chart of bars, one panel above the other, as an SVG that is readable on light and on dark ground."""

from dataclasses import dataclass
from xml.sax.saxutils import escape

from .spread import Spread

_WIDTH, _BAR, _ROW, _HEAD = 820, 430, 26, 44

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


@dataclass(frozen=True)
class Bar:
    label: str
    spread: Spread
    is_ours: bool


@dataclass(frozen=True)
class Panel:
    title: str
    sense: str
    """Whether more or less is better."""
    digits: int
    bars: list[Bar]


def draw(panels: list[Panel], caption: str, labels: int = 250) -> str:
    """`caption`: also what a screen reader says. `labels`: the width of the labels, in pixels."""
    height = sum(_HEAD + _ROW * len(panel.bars) for panel in panels) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{escape(caption)}">',
        f"<style>{_STYLE}</style>",
    ]
    top = 0
    for panel in panels:
        parts += _panel(panel, top, labels)
        top += _HEAD + _ROW * len(panel.bars)
    parts += [f'<text class="small" x="0" y="{top + 28}">{escape(caption)}</text>', "</svg>", ""]
    return "\n".join(parts)


def _panel(panel: Panel, top: int, left: int) -> list[str]:
    room = _BAR + 250 - left
    longest = max(bar.spread.high for bar in panel.bars) or 1.0
    parts = [
        f'<text class="head" x="0" y="{top + 30}">{escape(panel.title)}</text>',
        f'<text class="small" x="{left}" y="{top + 30}">{escape(panel.sense)}</text>',
    ]
    for index, bar in enumerate(panel.bars):
        y = top + _HEAD + index * _ROW
        length, low, high = (
            left + room * value / longest for value in (bar.spread.median, bar.spread.low, bar.spread.high)
        )
        parts += [
            f'<text x="0" y="{y + 14}">{escape(bar.label)}</text>',
            f'<rect class="{"ours" if bar.is_ours else "other"}" x="{left}" y="{y + 2}" width="{length - left:.1f}"'
            ' height="16" rx="2"/>',
            f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{y + 10}" y2="{y + 10}"/>',
            f'<text x="{high + 8:.1f}" y="{y + 14}">{bar.spread.median:.{panel.digits}f}</text>',
        ]
    return parts
