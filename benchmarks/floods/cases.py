"""The floods there are, by name. A case is a context manager that floods the service from its start to its end, from another
address than the customers', in processes of its own, and then tells what it did.

To add one: a module here with a class that has `label`, takes `(address, rate)`, floods between `__enter__` and `__exit__`, and has
`figures()`, a dict of names and numbers; and a line in `CASES`."""

from .idle_connections import IdleConnections
from .made_up_tokens import MadeUpRevocations
from .nothing import Nothing

CASES = {
    "nothing": Nothing,
    "revocations": MadeUpRevocations,
    "connections": IdleConnections,
}
