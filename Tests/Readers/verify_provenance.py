"""Verifies a provenance record by the lines of docs/provenance.md: `verify_provenance.py RECORD TRANSCRIPT SOURCE KEYS`."""

import itertools
import pathlib
import textwrap

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "provenance.md"

first = "    import hashlib, json, sys\n"
lines = PAGE.read_text(encoding="utf-8").split(first, 1)[1].splitlines()
block = itertools.takewhile(lambda line: not line or line.startswith("    "), lines)
exec(compile(textwrap.dedent(first + "\n".join(block)), PAGE.name, "exec"))
