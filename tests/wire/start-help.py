#!/usr/bin/env python3
"""--help and --version, of the program and of each subcommand: on stdout, exit 0."""
from holdfast import *

for arguments in (["--help"], ["serve", "--help"], ["check", "--help"], ["passwd", "--help"]):
    status, out, err = run_program(*arguments)
    same((status, err), (0, ""), str(arguments))
    same("usage" in out.lower(), True, out)
    within(max(map(len, out.splitlines())), 10, 120, "longest line")
status, out, err = run_program("--version")
same((status, err), (0, ""))
same(bool(re.fullmatch(r"holdfast \d+\.\d+\.\d+.*\n", out)), True, out)
text = run_program("serve", "--help")[1]
for option in ("--listen", "--heartbeat", "--heartbeat-mode", "--workers", "--state", "--durability", "--read-only",
               "--max-upload", "--min-free", "--tls-cert", "--tls-key", "--users", "--log-level"):
    same(option in text, True, option)
