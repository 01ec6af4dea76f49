#!/usr/bin/env python3
"""litmus 0.14: COPY Depth: 0 makes the collection without members, and replaces one that has some."""
from holdfast import *

with Server() as s:
    write_tree(s.path("dir"), 1, 2)
    proppatch(s, "/dir/", "<D:set><D:prop><x xmlns='u:'>1</x></D:prop></D:set>")
    same(s.request("COPY", "/dir", {"Destination": "/new", "Depth": "0"}).status, 201)
    same(os.listdir(s.path("new")), [])
    same(propfind(s, "/new/", "{u:}x")["/new/"][1]["{u:}x"][1].text, "1")
    s.write("old/a", "x")
    same(s.request("COPY", "/dir", {"Destination": "/old", "Depth": "0"}).status, 204)
    same(os.listdir(s.path("old")), [])
