"""Figures in a page that people write: between two markers, all around them stays."""


def markers(name: str) -> tuple[str, str]:
    """Those of one benchmark's figures."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def with_figures(page: str, name: str, text: str) -> str:
    """Raises `ValueError` when the page has lost its markers."""
    first, last = markers(name)
    before, begin, rest = page.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"README.md lacks its markers {first} and {last}")
    return f"{before}{first}\n\n{text}\n\n{last}{after}"
