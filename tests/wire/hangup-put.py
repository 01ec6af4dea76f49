#!/usr/bin/env python3
"""A client that hangs up once its upload is complete: the file is published nevertheless."""
from holdfast import *

with Server("--heartbeat", "0.1", slow="linkat=500,renameat2=500,fsync=500,fdatasync=500") as s:
    for name in ("a", "b"):
        s.mark.unlink(missing_ok=True)
        c = s.connect()
        c.start("PUT", "/" + name, {}, "all of it")
        eventually(s.mark.exists, "the publication has begun")
        c.close()
        eventually(lambda: s.path(name).exists(), "the file is there")
        same(s.read(name), b"all of it")
    s.alive()
