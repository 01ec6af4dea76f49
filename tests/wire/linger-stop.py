#!/usr/bin/env python3
"""A stop does not wait for clients that still send what was refused; their connections end with it."""
from holdfast import *

with Server() as s:
    c = s.connect()
    c.send(c.head("PUT", "/missing/a", {"Content-Length": "1000000000"}))
    same(c.response("PUT").status, 409)
    same(c.is_closed(), True, "our side is closed")
    over = threading.Event()
    sent, cut = [], []

    def send_on():
        while not over.wait(0.05):
            try:
                sent.append(c.sock.send(b"z" * 1000))
            except OSError as error:
                cut.append(error)
                return

    sender = threading.Thread(target=send_on)
    sender.start()
    try:
        # Longer than a silent one would be waited for.
        eventually(lambda: cut or len(sent) > 60, "three seconds of sending")
        same(cut, [], "while it sends it is not cut off")
        s.stop(10)
        eventually(lambda: cut, "after the stop it is")
    finally:
        over.set()
        sender.join()
        c.close()
