#!/usr/bin/env python3
"""Behind haproxy every operation ends with its answer, and the probe names what is wrong with others."""
from cases import check

check("haproxy")
