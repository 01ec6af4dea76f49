#!/usr/bin/env python3
"""A stop in the middle of traffic, while connections come and go, always ends with status 0."""
import secured
from holdfast import *

ROUNDS = 20 if sanitized() or secured.ASKED else 300  # what went wrong did so once in some hundred
KNOCKERS = 4


def knock(s, answered):
    """One connection after the other, until the server takes no more."""
    try:
        while True:
            with s.connect(timeout=5) as c:
                answered.append(c.request("OPTIONS", "/").status)
    except (OSError, Closed):
        pass  # refused, or cut off by the stop


for round in range(ROUNDS):
    with Server() as s:
        answered = []
        knockers = [threading.Thread(target=knock, args=(s, answered)) for _ in range(KNOCKERS)]
        for thread in knockers:
            thread.start()
        eventually(lambda: len(answered) > round % 50, "traffic")
        s.stop()
        for thread in knockers:
            thread.join()
        same(set(answered) - {503}, {200}, "answers")  # 503: behind the signal
