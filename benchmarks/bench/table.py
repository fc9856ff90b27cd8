"""A table of figures: as text for a terminal, as Markdown for a page."""

from dataclasses import dataclass

from .spread import Spread

NOTHING = "–"


@dataclass(frozen=True)
class Table:
    head: list[str]
    rows: list[list[str]]

    def text(self) -> str:
        widths = [max(len(row[column]) for row in [self.head, *self.rows]) for column in range(len(self.head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in [self.head, *self.rows]]
        return "\n".join(line.rstrip() for line in lines)

    def markdown(self) -> str:
        rows = [self.head, ["---", *["---:"] * (len(self.head) - 1)], *self.rows]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def figure(record: dict | None, digits: int, scale: float = 1) -> str:
    """Of a spread's record."""
    if record is None:
        return NOTHING
    return Spread(record["median"] * scale, record["low"] * scale, record["high"] * scale).text(digits)
