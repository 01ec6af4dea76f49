#!/usr/bin/env python3
"""--help and --version, of the program and of each subcommand: on stdout, exit 0; no option is without documentation."""
from holdfast import *
from holdfast import TOP

for arguments in (["--help"], ["serve", "--help"], ["check", "--help"], ["passwd", "--help"]):
    status, out, err = run_program(*arguments)
    same((status, err), (0, ""), str(arguments))
    same("usage" in out.lower(), True, out)
    within(max(map(len, out.splitlines())), 10, 120, "longest line")
status, out, err = run_program("--version")
same((status, err), (0, ""))
same(bool(re.fullmatch(r"holdfast \d+\.\d+\.\d+.*\n", out)), True, out)
text = run_program("serve", "--help")[1]
options = re.findall("^  --([a-z-]+)", text, re.M)
within(len(options), 20, 200, "options")
same(len(set(options)), len(options), "each once: %s" % sorted(options))
same(re.findall("\n\n([A-Z][a-zA-Z, ]+):\n  --([a-z-]+)", text)[:3],
     [("What is served, and where", "config"), ("TLS", "tls-cert"), ("Users and rights", "users")], "groups")
rows = [line.split("|")[1] for name in ("configuration", "operating")
        for line in (TOP / "docs" / (name + ".md")).read_text().splitlines() if line.startswith("| `--")]
told = sorted(option for row in rows for option in re.findall("`--([a-z-]+)", row))
same(sorted({*told}), sorted({*options} - {"help"}), "options in the tables of docs/configuration.md and operating.md")
same([option for option in told if told.count(option) > 1], [], "options in two tables")
