#!/usr/bin/env python3
"""Behind lighttpd every operation ends with its answer, and the probe names what is wrong with others."""
from cases import check

check("lighttpd")
