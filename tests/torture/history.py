"""Could these answers have been given by a server that does one thing after another?

Each event has the moments of its request and of its answer. The history is sound if there is an order of all
events in which each follows those whose answers came before its request, and in which every answer is right
(Herlihy and Wing 1990; the search is Wing and Gong's, which remembers where it has been). An event that was
never answered may have its place in that order or none.
"""
import itertools
import math
import time
from dataclasses import dataclass
from typing import Any


@dataclass
class Event:
    what: tuple
    called: float
    returned: float = math.inf
    result: Any = None  # None: never answered

    def __str__(self):
        return "%.6f to %.6f: %s -> %s" % (self.called, self.returned, self.what, self.result)


class History:
    def __init__(self):
        self.events = []  # appended by many threads

    def call(self, *what):
        event = Event(what, time.monotonic())
        self.events.append(event)
        return event

    def answer(self, event, result):
        event.result, event.returned = result, time.monotonic()

    def complaint(self, start, step):
        """None if it is sound, else words. step(state, event) gives the state after the event, or Ellipsis if
        its result is not right there; states are hashable."""
        events = sorted(self.events, key=lambda e: e.called)
        stack, seen, deepest = [(0, 0, start)], set(), (0, start)
        while stack:
            first, done, state = stack.pop()
            while done & 1:
                first, done = first + 1, done >> 1
            if (first, done, state) in seen:
                continue
            seen.add((first, done, state))
            deepest = max(deepest, (first, state), key=lambda d: d[0])
            left = [i for i in range(first, len(events)) if not done >> (i - first) & 1]
            if all(events[i].returned == math.inf for i in left):
                return None
            soonest = math.inf
            for i in left:
                if events[i].called > soonest:
                    break
                soonest = min(soonest, events[i].returned)
                after = step(state, events[i])
                if after is not Ellipsis:
                    stack.append((first, done | 1 << (i - first), after))
        first, state = deepest
        near = itertools.islice(events, max(0, first - 6), first + 12)
        return "no order explains these answers; up to the 5th the state may be %r\n  %s" % (
            state, "\n  ".join(map(str, near)))


def overlaps(event, other):
    return event.called <= other.returned and other.called <= event.returned
