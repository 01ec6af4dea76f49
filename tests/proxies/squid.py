#!/usr/bin/env python3
"""Behind squid every operation ends with its answer, and the probe names what is wrong with others."""
from cases import check

check("squid")
