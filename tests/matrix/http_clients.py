"""Trials of general HTTP clients: command lines and libraries, one command per operation.

Those in LIBRARIES answer for themselves: a small program in drivers/ per language prints what its
library reported as JSON, and whether the next request on the same session got its own answer.
"""
import json

from trial import Op, Path, Said, Skip, TIMEOUT, Trial, eventually, last_line, os, re, run, subprocess, version

DRIVERS = Path(__file__).resolve().parent / "drivers"
ALL = ("COPY", "MOVE", "DELETE", "PUT")
# The distribution's own Python, which has the distribution's libraries.
PYTHON = "/usr/bin/python3"
NPM_WEBDAV = "5.11.0"


def need(command, package):
    path = subprocess.run(["sh", "-c", "command -v " + command], capture_output=True, text=True).stdout.strip()
    if not path:
        raise Skip("%s is not installed (package %s)" % (command, package))
    return path


def destination(trial, op):
    return trial.url(op.target_path) if op.kind in ("COPY", "MOVE") else ""


# ---- libraries ----


def python_needs(module):
    if not os.path.exists(PYTHON) or run(PYTHON, "-c", "import " + module)[0] != 0:
        raise Skip("Python's %s is not installed (package python3-%s)" % (module, module))


def perl_needs(module, package):
    need("perl", "perl")
    if run("perl", "-M" + module, "-e", "1")[0] != 0:
        raise Skip("Perl's %s is not installed (package %s)" % (module, package))


def library(*driver, kinds=ALL, timeout=TIMEOUT, how="", env=None, options=()):
    """One trial of a library: driver is the command up to and with its name."""
    with Trial([Op(kind) for kind in kinds], options=options) as trial:
        names, tries = set(), {}

        def command(op):
            status, out = run(*driver, op.kind, trial.url(op.request_path), destination(trial, op), timeout,
                              trial.body if op.kind == "PUT" else "", trial.url("/known.txt"), env=env)
            try:
                said = json.loads(last_line_whole(out))
            except ValueError:
                return Said(False, "%d: %s" % (status, last_line(out)), wrong="it printed no result: " + out[-500:])
            names.add(said["client"])
            tries[op] = tries.get(op, 0) + said.get("tries", 1)
            # the webdav package knows no status, only whether its promise was kept
            done = "error" not in said
            wrong = ""
            # after an error the next request may fail too, but it must not get another's answer
            if (done or said.get("next")) and said.get("next") != "known content":
                wrong = "the next request got %r" % (said.get("next") or "nothing")[:80]
            return Said(done, said.get("error") or str(said.get("status", "ok")), said.get("status"), wrong)

        rows = trial.rows("", "%g s%s" % (timeout, how) if timeout else "none" + how, command)
        for row, op in zip(rows, trial.ops):
            row.client = ", ".join(names)
            row.commands = tries.get(op, row.commands)
        return rows


def last_line_whole(text):
    return text.strip().splitlines()[-1] if text.strip() else ""


def python(name, module=None, **more):
    if module:
        python_needs(module)
    return library(PYTHON, DRIVERS / "client.py", name, **more)


def node(name, **more):
    return library(need("node", "nodejs"), DRIVERS / "client.mjs", name, **more)


def node_webdav(**more):
    """The npm package, of one version, into a folder that the tree's own rules ignore; kept for the next run."""
    node_path, npm = need("node", "nodejs"), need("npm", "npm")
    home = DRIVERS.parent.parent.parent / ".cache" / "matrix" / ("webdav-" + NPM_WEBDAV)
    main = home / "node_modules" / "webdav" / "dist" / "node" / "index.js"
    if not main.exists():
        home.mkdir(parents=True, exist_ok=True)
        status, out = run(npm, "install", "--prefix", home, "--no-audit", "--no-fund", "--ignore-scripts",
                          "--fetch-retries=1", "--fetch-timeout=20000", "webdav@" + NPM_WEBDAV, seconds=120, cwd=home)
        if status != 0 or not main.exists():
            raise Skip("npm cannot install webdav@%s here: %s" % (NPM_WEBDAV, last_line(out)))
    return library(node_path, DRIVERS / "client.mjs", "webdav",
                   env={"NODE_WEBDAV": str(main), "NODE_WEBDAV_VERSION": NPM_WEBDAV}, **more)


def perl(name, **more):
    perl_needs(*(("LWP::UserAgent", "libwww-perl") if name == "LWP" else ("HTTP::DAV", "libhttp-dav-perl")))
    return library("perl", DRIVERS / "client.pl", name, **more)


def php(**more):
    return library(need("php", "php-cli"), DRIVERS / "client.php", "streams", **more)


def java(name, **more):
    compiler = need("javac", "openjdk-17-jdk-headless; too large to be asked for")
    classes = Path(os.environ.get("MATRIX_TEMP", "/tmp"))
    status, out = run(compiler, "-d", classes, DRIVERS / "Client.java", seconds=120)
    if status != 0:
        raise Skip("javac does not compile: " + last_line(out))
    return library("java", "-Xshare:auto", "-cp", classes, "Client", name, **more)


# ---- command lines ----


def curl(extra=(), timeout="none", options=(), is_late=False):
    """is_late: the user repeats the command only when the operation has ended, unheard."""
    need("curl", "curl")
    with Trial([Op(kind) for kind in ALL], options=options) as trial:
        def command(op):
            words = ["curl", "-sS", "-o", trial.server.temp / ("out-" + op.name), "-w", "\n%{http_code}", *extra]
            if op.kind == "PUT":
                words += ["-T", trial.body]
            else:
                words += ["-X", op.kind]
            if destination(trial, op):
                words += ["-H", "Destination: " + destination(trial, op)]
            status, out = run(*words, trial.url(op.request_path))
            code = int(last_line_whole(out) or 0)
            text = "%d" % code if status == 0 else "(%d) %s" % (status, last_line(out.rsplit("\n", 1)[0]))
            if is_late and status != 0:
                eventually(lambda: not op.lacks(trial.server), "it ends")
            # 202: not yet, ask again (Retry-After would say when)
            return Said(status == 0 and code != 202, text, code)

        return trial.rows("curl " + version(r"curl (\S+)", "curl", "--version"), timeout, command)


def wget():
    need("wget", "wget")
    with Trial([Op(kind) for kind in ALL]) as trial:
        def command(op):
            words = ["wget", "-nv", "-O", "/dev/null", "--server-response", "--read-timeout=%d" % TIMEOUT, "--tries=8",
                     "--waitretry=1", "--method=" + op.kind]
            if op.kind == "PUT":
                words += ["--body-file=%s" % trial.body]
            if destination(trial, op):
                words += ["--header=Destination: " + destination(trial, op)]
            status, out = run(*words, trial.url(op.request_path))
            codes = [int(code) for code in re.findall(r"HTTP/1\.1 (\d+)", out)]
            final = [code for code in codes if code >= 200]
            return Said(status == 0, "rc %d, %s" % (status, final or last_line(out)), final[-1] if final else None)

        return trial.rows("wget " + version(r"Wget (\S+)", "wget", "--version"), "%d s" % TIMEOUT, command)
