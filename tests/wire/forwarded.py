#!/usr/bin/env python3
"""Behind a proxy X-Forwarded-Host says who we are only with --trust-forwarded."""
from holdfast import *

HEADERS = {"Destination": "https://cloud.example/b", "X-Forwarded-Host": "cloud.example", "X-Forwarded-Proto": "https"}
with Server() as s:
    s.write("a", "x")
    same(s.request("COPY", "/a", HEADERS).status, 502, "not trusted")
    same(s.request("COPY", "/a", {**HEADERS, "Host": "cloud.example"}).status, 201, "a proxy that keeps the Host")
with Server("--trust-forwarded") as s:
    s.write("a", "x")
    same(s.request("COPY", "/a", HEADERS).status, 201, "trusted")
