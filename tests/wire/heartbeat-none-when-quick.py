#!/usr/bin/env python3
"""What is done before the first heartbeat is due gets no interim answer."""
from holdfast import *

with Server("--heartbeat", "20") as s:
    write_tree(s.path("a"), 2, 5)
    with s.connect() as c:
        for method, target, headers in (("COPY", "/a", {"Destination": "/b"}), ("MOVE", "/b", {"Destination": "/c"}),
                                        ("PROPFIND", "/", {"Depth": "infinity"}), ("DELETE", "/c", {})):
            answer = c.request(method, target, headers)
            within(answer.status, 200, 299, method)
            same(answer.interims, [], method)
