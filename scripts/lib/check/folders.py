"""Rule `folders`: the folders inside a room use each other in the order that scripts/lib/check/folder-order declares.

A folder uses another one when its code names a type that the other declares at the top level, which an extension of such a type does
too. Names that a file or its types declare for themselves, generic parameters, and names behind a dot do not count: what is told is so.

Arguments: the Swift files under Sources. Prints a line a fault.
"""

import collections
import re
import sys

from swift_source import Source

ORDER = "scripts/lib/check/folder-order"
TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[{}.]")
NAME = re.compile(r"(?<![A-Za-z0-9_.`])[A-Z][A-Za-z0-9_]*")
GENERICS = re.compile(r"\b(?:func|init|subscript|struct|class|enum|actor|typealias)\b[^({=\n]*<([^>(]*)>")
TYPES = {"struct", "class", "enum", "actor", "protocol", "typealias", "associatedtype"}
HIDDEN = {"private", "fileprivate"}
MODIFIERS = HIDDEN | {"package", "public", "internal", "final", "indirect", "nonisolated", "distributed"}


class File:
    """What one file declares: `top` for its room, `own` for itself alone, `nested` as pairs of an outer type and a name in it, `outer`
    the types that it declares or extends."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.code = Source(file.read()).code
        self.top, self.own, self.nested, self.outer = set(), set(), set(), set()
        for clause in GENERICS.findall(self.code):
            self.own.update(part.split(":")[0].strip().split(" ")[-1] for part in clause.split(","))
        self._read(TOKEN.findall(self.code))

    def _read(self, tokens):
        scopes, pending, hidden, at = [], None, False, 0
        while at < len(tokens):
            token = tokens[at]
            if token in MODIFIERS:
                hidden = hidden or token in HIDDEN
                at += 1
                continue
            is_type = token in TYPES or token == "extension"
            if is_type and at + 1 < len(tokens) and tokens[at + 1][:1].isupper() and tokens[at - 1 : at] != ["."]:
                name, at = tokens[at + 1], at + 2
                first = name
                while tokens[at : at + 1] == ["."] and tokens[at + 1][:1].isupper():
                    name, at = tokens[at + 1], at + 2
                if token == "extension":
                    self.outer.update((first, name))
                elif not scopes:
                    (self.own if hidden else self.top).add(name)
                else:
                    self.own.add(name)
                    if not hidden:
                        self.nested.add((scopes[-1], name))
                if token not in ("typealias", "associatedtype"):
                    self.outer.add(name)
                    pending = name
            else:
                if token == "{":
                    scopes.append(pending)
                    pending = None
                elif token == "}" and scopes:
                    scopes.pop()
                at += 1
            hidden = False


class Room:
    def __init__(self, path, line):
        self.path, self.line = path, line
        self.places, self.lines = [], {}
        self.excepted = {}
        self.files = collections.defaultdict(list)

    def place(self, path):
        """The entry that a file belongs to: the longest that fits, its folder, or the file itself."""
        inside = path[len(self.path) + 1 :]
        fits = [place for place in self.places if inside == place or inside.startswith(place + "/")]
        if fits:
            return max(fits, key=len)
        return "." if "/" not in inside and "." in self.places else None


faults = []


def tell(path, line, sentence):
    faults.append(f"{path}:{line}: {sentence}")


def read_order():
    rooms, room = [], None
    with open(ORDER, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            words = line.split("#")[0].split()
            if not words:
                continue
            if not line[0].isspace():
                room = Room(words[0].rstrip("/"), number)
                rooms.append(room)
            elif words[0] == "except" and len(words) > 4 and words[2] == "uses":
                room.excepted[words[1], words[3].rstrip(":")] = (number, set(words[4:]))
            elif len(words) == 1:
                room.places.append(words[0])
                room.lines[words[0]] = number
            else:
                tell(ORDER, number, "is neither a room, a folder, nor `except FOLDER uses FOLDER: NAME ...`.")
    return rooms


def check(room):
    declared, nested = collections.defaultdict(set), collections.defaultdict(set)
    for place, files in room.files.items():
        for file in files:
            for name in file.top:
                declared[name].add(place)
            for outer, name in file.nested:
                nested[name].add(outer)
    home = {name: next(iter(places)) for name, places in declared.items() if len(places) == 1}
    rank = {place: number for number, place in enumerate(room.places)}
    used = collections.defaultdict(set)
    for place, files in room.files.items():
        for file in files:
            for match in NAME.finditer(file.code):
                name = match.group()
                other = home.get(name)
                if other in (None, place) or rank[other] > rank[place]:
                    continue
                if name in file.own or nested[name] & file.outer:
                    continue
                used[place, other].add(name)
                if name in room.excepted.get((place, other), (0, set()))[1]:
                    continue
                line = file.code.count("\n", 0, match.start()) + 1
                tell(file.path, line, f"{place} may not use {other} ({name}), which stands above it in {ORDER}.")
    for (place, other), (line, names) in room.excepted.items():
        for name in sorted(names - used[place, other]):
            tell(ORDER, line, f"{place} does not use {name} of {other} any more: the exception goes.")
    for place, line in room.lines.items():
        if place not in room.files:
            tell(ORDER, line, f"{room.path} holds no {place}.")


def is_parted(path):
    """Whether a file lies in a folder of its room: a room is a folder of Sources, or of Sources/Support."""
    return len(path.split("/")) > (4 if path.startswith("Sources/Support/") else 3)


def main(paths):
    rooms, told = read_order(), set()
    by_length = sorted(rooms, key=lambda room: -len(room.path))
    for path in paths:
        room = next((room for room in by_length if path.startswith(room.path + "/")), None)
        place = room.place(path) if room else None
        if place:
            room.files[place].append(File(path))
        elif (room or is_parted(path)) and path.rpartition("/")[0] not in told:
            told.add(path.rpartition("/")[0])
            tell(path, 1, f"lies in a folder that has no place in {ORDER}.")
    for room in rooms:
        check(room)
    print("\n".join(faults), end="\n" if faults else "")


main(sys.argv[1:])
