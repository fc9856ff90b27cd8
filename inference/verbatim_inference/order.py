"""Corrects the times of words whose order is known.

The order is trusted more than the times. As few times as possible are rejected so that all others are in order. Each rejected
time is replaced by one between its neighbors. So one absurd time moves no other word."""

import bisect


def mended(times: list[tuple[float, float]], duration: float) -> list[tuple[float, float]]:
    """Returns corrected times: starts never decrease, no end is before its start, all are from 0 to `duration`."""
    inside = [(min(max(start, 0.0), duration), min(max(end, 0.0), duration)) for start, end in times]
    believed = _longest_in_order([start for start, _ in inside])
    following = [duration] * len(inside)
    for index in range(len(inside) - 2, -1, -1):
        following[index] = inside[index + 1][0] if index + 1 in believed else following[index + 1]
    result, now = [], 0.0
    for index, (start, end) in enumerate(inside):
        if index not in believed:
            # The word starts after the previous one, and before its own end if that is possible.
            earliest = min(max(now, result[-1][1] if result else 0.0), following[index])
            end = end if earliest < end <= following[index] else following[index]
            start = min(max(start, earliest), end)
        now = max(now, start)
        result.append((now, max(now, end)))
    return result


def _longest_in_order(starts: list[float]) -> set[int]:
    """Returns the indices of the longest subsequence that never decreases."""
    if all(first <= second for first, second in zip(starts, starts[1:])):
        return set(range(len(starts)))
    least: list[float] = []  # for each length, the smallest start that ends a subsequence of that length
    places: list[int] = []
    before = [-1] * len(starts)
    for index, start in enumerate(starts):
        length = bisect.bisect_right(least, start)
        before[index] = places[length - 1] if length else -1
        least[length : length + 1] = [start]
        places[length : length + 1] = [index]
    chosen, index = set(), places[-1] if places else -1
    while index >= 0:
        chosen.add(index)
        index = before[index]
    return chosen
