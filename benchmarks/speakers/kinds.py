"""The kinds of conversations that are made, and how many of each."""

from .conversations import Kind
from .rooms import Room

_DRY, _ROOM, _HALL, _TELEPHONE = Room(), Room(0.3, 25), Room(0.5, 18), Room(0, 25, telephone=True)

KINDS = [
    (Kind("clip of a meeting", (2, 5), 30, evenness=0.8, once=0.6, alike=0.3), 20),
    (Kind("two alike", (2, 2), 60, alike=1.0), 10),
    (Kind("call", (2, 2), 90, overlap=0.1, rooms=(_TELEPHONE,)), 4),
    (Kind("one alone", (1, 1), 60, overlap=0, words=0), 3),
    (Kind("group", (3, 5), 150, once=0.4), 5),
    (Kind("group alike", (3, 4), 150, alike=1.0), 4),
    (Kind("large group", (6, 8), 300), 2),
    (Kind("long", (5, 5), 1200, rooms=(_ROOM,)), 1),
]
"""With each half of the voices."""
