#!/usr/bin/env python3
"""Behind nginx-1.0 every operation ends with its answer, and the probe names what is wrong with others."""
from cases import check

check("nginx-1.0")
