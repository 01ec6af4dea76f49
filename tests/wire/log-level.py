#!/usr/bin/env python3
"""An unknown --log-level is wrong usage; the quietest one logs no requests."""
from holdfast import *

with temporary() as t:
    status, out, err = run_program("serve", "--listen", "127.0.0.1:0", "--log-level", "nonsense", str(t))
    same(status, 2)
with Server("--log-level", "error") as s:
    s.request("GET", "/quiet-one")
    s.alive()
    same("quiet-one" in s.log(), False, s.log())
