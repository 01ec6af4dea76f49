#!/usr/bin/env python3
"""SIGINT ends it like SIGTERM; SIGHUP does not end it; the port is free afterwards."""
from holdfast import *

with Server() as s:
    s.process.send_signal(signal.SIGHUP)
    s.alive()
    s.process.send_signal(signal.SIGINT)
    same(s.wait(15), 0, "exit status")
    s.listen = ("127.0.0.1:%d" % s.port,)
    s.start()
    s.alive()
