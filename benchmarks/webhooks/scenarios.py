"""What waits to be sent when the sender starts, and for whom."""

from dataclasses import dataclass

WITH, WITHOUT, FAILED = "black-hole", "all-answer", "failed-endpoints"
ONE, SLOW = "one-endpoint", "one-slow-endpoint"


@dataclass(frozen=True)
class Scenario:
    name: str
    label: str
    accounts: int
    endpoints: int
    """Of each account."""
    good: int
    """Events for those who answer, divided among all endpoints."""
    hole: int = 0
    """Events for the black hole, older than all others, of one account more."""
    failed: int = 0
    """Endpoints of one account more, each with an event whose tries failed and that is due in an hour."""
    delay: float = 0
    """Seconds that an answer takes."""
    newcomers: bool = False
    """Whether another account's jobs end meanwhile, ten a second, each with an event for an endpoint that answers."""


def make(deliveries: int) -> dict[str, Scenario]:
    """`deliveries`: those that wait, the black hole's included."""
    hole, one = deliveries // 10, deliveries // 5
    good = deliveries - hole
    made = [
        Scenario(
            WITH, f"{good} to 18 endpoints of 9 accounts, {hole} to a black hole", 9, 2, good, hole, newcomers=True
        ),
        Scenario(WITHOUT, f"{good} to the same, no black hole", 9, 2, good, newcomers=True),
        Scenario(
            FAILED,
            f"{good} to the same, {5 * hole} other endpoints wait for a later try",
            9,
            2,
            good,
            failed=5 * hole,
            newcomers=True,
        ),
        Scenario(ONE, f"{one} to one endpoint", 1, 1, one),
        Scenario(SLOW, f"{one} to one endpoint that takes 50 ms", 1, 1, one, delay=0.05),
    ]
    return {scenario.name: scenario for scenario in made}
