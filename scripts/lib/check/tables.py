"""Rule `tables`: each table of the database is written by its owner alone, as scripts/lib/check/table-owners declares.

Looks at INSERT, UPDATE, DELETE and TRUNCATE in string literals. Arguments: the Swift files under Sources and the SQL files. Prints a
line a fault.
"""

import re
import sys

from swift_source import Source

OWNERS = "scripts/lib/check/table-owners"
CREATION = re.compile(r"\bCREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:[a-z_]+\.)?([a-z_]+)")
DROP = re.compile(r"\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?([a-z_]+)|\bALTER\s+TABLE\s+([a-z_]+)\s+RENAME\s+TO\s+([a-z_]+)")
WRITING = re.compile(
    r"\b(?:INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|(?<!FOR )(?<!KEY )(?<!DO )UPDATE)"
    r"\s+(?:ONLY\s+)?([a-z_]+|\0)"
)

faults = []


def tell(path, line, sentence):
    faults.append(f"{path}:{line}: {sentence}")


def read_owners():
    """Answers each table's owner, and the exceptions: pairs of a table, or `any`, and a file."""
    owners, excepted = {}, {}
    with open(OWNERS, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split("#")[0].split()
            if len(words) == 2:
                owners[words[0]] = (number, words[1].rstrip("/"))
            elif len(words) == 3 and words[0] == "except":
                excepted[words[1], words[2]] = number
            elif words:
                tell(OWNERS, number, "is neither `TABLE FOLDER` nor `except TABLE FILE`.")
    return owners, excepted


def main(paths):
    owners, excepted = read_owners()
    made, seen = {}, set()
    for path in paths:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if path.endswith(".sql"):
            for match in CREATION.finditer(text):
                made.setdefault(match.group(1), (path, text.count("\n", 0, match.start()) + 1))
            for match in DROP.finditer(text):
                old, new = match.group(1) or match.group(2), match.group(3)
                place = made.pop(old, None)
                if new and place:
                    made[new] = place
            continue
        for begun, literal in Source(text).literals:
            for match in CREATION.finditer(literal):
                made.setdefault(match.group(1), (path, begun + literal.count("\n", 0, match.start())))
            for match in WRITING.finditer(literal):
                table, line = match.group(1), begun + literal.count("\n", 0, match.start())
                name = "any" if table == "\0" else table
                _, owner = owners.get(table, (0, None))
                if (name, path) in excepted:
                    seen.add((name, path))
                elif name == "any":
                    tell(path, line, "writes a table whose name is not said: its owner cannot be told.")
                elif owner and not path.startswith(owner + "/"):
                    tell(path, line, f"writes {table}, which {owner} alone does ({OWNERS}).")
    for table, (path, line) in made.items():
        if table not in owners:
            tell(path, line, f"makes {table}, which has no owner in {OWNERS}.")
    for table, (line, _) in owners.items():
        if table not in made:
            tell(OWNERS, line, f"there is no table {table}.")
    for (table, path), line in excepted.items():
        if (table, path) not in seen:
            tell(OWNERS, line, f"{path} does not write {table} any more: the exception goes.")
    print("\n".join(faults), end="\n" if faults else "")


main(sys.argv[1:])
