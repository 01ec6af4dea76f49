"""What every proxy is asked to do, and what is to come of it.

documented(name): the configuration and the options of docs/proxies.md, operations of more than three
times the read timeout, and the probe. naive(name): a configuration as administrators have it, and what
the probe says of it. Both give a dict, which the tests compare with EXPECTED and table.py prints.
"""
import json
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "wire"))
from holdfast import *
import proxies

TIMEOUT = 2      # of the proxy, for reading
LENGTH = 7       # of an operation, more than three times that
HEARTBEAT = 0.7  # nine of them and one timeout are longer than an operation
TRIES = 6        # of a client that repeats its request
UPLOAD = 3 << 20
AGENT = "curl/7.88.1"  # bears everything, so that what arrives is what the proxy lets pass
DELAYS = ",".join("%s=%d" % (call, LENGTH * 1000) for call in ("renameat2", "linkat", "unlinkat"))

# For each: the codes that the probe finds, those of troubles with "!" before; and how many requests a client
# needs for COPY, MOVE, DELETE and PUT.
EXPECTED = {
    "nginx-1.0": (["http-1.0-upstream"], 1),
    "nginx-1.1": (["taken-as-final"], 1),
    "apache": (["interim-limit", "silence-cut"], 1),
    "haproxy": (["silence-cut"], 1),
    "caddy": (["interim-limit", "interim-to-http-1.0"], 1),
    "caddy-timeout": (["methods-differ", "interims-swallowed", "interim-to-http-1.0", "!silence-cut"], TRIES),
    "varnish": (["silence-cut"], 1),
    "squid": (["!time-limit"], TRIES),
    "lighttpd": (["silence-cut"], 1),
}
NAIVE = {
    "nginx-1.0": ["!http-1.0-upstream", "!silence-cut"],
    "nginx-1.1": ["!taken-as-final"],
    "nginx-1.1-close": ["!taken-as-final"],
    "nginx-1.1-unbuffered": ["!taken-as-final"],
    "apache": ["!interim-limit"],
    "haproxy": ["!marks-cut"],
    "caddy": ["!interim-limit", "interim-to-http-1.0"],
    "varnish": ["!methods-differ"],
    "squid": ["!time-limit"],
    "lighttpd": ["!multistatus-held"],
}


def probe(port, *options):
    status, out, err = run_program("probe", "--json", "--timeout", "30", *options, "http://127.0.0.1:%d/" % port,
                                   seconds=180)
    if status not in (0, 3):
        fail("probe: status %d: %s%s" % (status, out, err))
    report = json.loads(out)
    same(report["fit"], status == 0, "the probe's status")
    return report


def codes(report):
    return [("!" if finding["trouble"] else "") + finding["code"] for finding in report["findings"]]


def ask(proxy, method, target, headers, body):
    """As a client does that repeats what got no answer. Gives the answer and how many requests it took."""
    ends = []
    for count in range(1, TRIES + 1):
        began = time.monotonic()
        try:
            with Connection("127.0.0.1", proxy.port, timeout=60) as c:
                answer = c.request(method, target, {"User-Agent": AGENT, **headers}, body)
            if answer.status < 500:
                return answer, count
            ends.append("%d" % answer.status)
        except Closed:
            ends.append("closed")
        ends[-1] += " after %.1f s" % (time.monotonic() - began)
    fail("%s through %s: no answer: %s" % (method, proxy.name, ", ".join(ends)))


OPERATIONS = [
    ("COPY", "/slow-copied", 201, lambda s: s.read("slow-copy") == s.read("slow-copied")),
    ("MOVE", "/slow-moved", 201, lambda s: not s.path("slow-move").exists() and s.path("slow-moved").exists()),
    ("DELETE", None, 204, lambda s: not s.path("slow-delete").exists()),
    ("PUT", None, 201, lambda s: s.read("slow-put") == b"x" * 1000),
]


def run_operation(server, proxy, operation):
    method, destination, status, is_done = operation
    target = "/slow-" + method.lower()
    headers = {"Destination": "http://127.0.0.1:%d%s" % (proxy.port, destination)} if destination else {}
    began = time.monotonic()
    answer, requests = ask(proxy, method, target, headers, b"x" * 1000 if method == "PUT" else None)
    seconds = time.monotonic() - began
    same(answer.status, status, "%s through %s" % (method, proxy.name))
    assert is_done(server), "%s through %s: not done" % (method, proxy.name)
    return {"method": method, "requests": requests, "interims": len(answer.interims), "seconds": seconds,
            "status": answer.status}


def executed(server, method):
    """How often the server did it, and how many requests it saw, once all of them are in its log."""
    lines = [line for line in server.log().splitlines() if '"%s /slow-%s' % (method, method.lower()) in line]
    return sum(" how=ran " in line for line in lines), len(lines)


def check_everyday(server, proxy):
    """Names, sizes and Host come through; nothing here is slow."""
    with Connection("127.0.0.1", proxy.port) as c:
        same(c.request("PUT", "/50%25%20%2bgr%c3%bc%c3%9fe", {"Host": "files.example.org"}, b"x").status, 201, "PUT of odd names")
    same(server.read("50% +grüße"), b"x")
    with Connection("127.0.0.1", proxy.port) as c:
        same(c.request("PUT", "/large", {"Host": "files.example.org"}, b"y" * UPLOAD).status, 201, "PUT of 3 MiB")
    with Connection("127.0.0.1", proxy.port) as c:
        answer = c.request("COPY", "/large", {"Host": "files.example.org", "Destination": "https://files.example.org/copy"})
        same(answer.status, 201, "COPY with another scheme")
    with Connection("127.0.0.1", proxy.port) as c:
        same(len(c.request("GET", "/copy", {"Host": "files.example.org"}).body), UPLOAD, "GET of 3 MiB")
    same(propfind_through(proxy), {"/", "/large", "/copy", "/50%25%20%2Bgr%C3%BC%C3%9Fe"}, "PROPFIND")


def propfind_through(proxy):
    with Connection("127.0.0.1", proxy.port) as c:
        answer = c.request("PROPFIND", "/", {"Depth": "1", "Host": "files.example.org"})
    same(answer.status, 207, "PROPFIND")
    names = set(re.findall(rb"<(?:\w+:)?href>([^<]+)<", answer.body))
    return {re.sub("%[0-9a-f]{2}", lambda m: m[0].upper(), name.decode()).replace("+", "%2B")
            for name in names if b"slow" not in name}


def documented(name):
    options = [word for pair in proxies.documented_options(name) for word in pair]
    with Server("--heartbeat", str(HEARTBEAT), "--diagnostics", *options, slow=DELAYS, match="slow") as s, \
            proxies.start(name, s.port, TIMEOUT) as proxy:
        check_everyday(s, proxy)
        for method, _, _, _ in OPERATIONS[:3]:
            s.write("slow-" + method.lower(), "content")
        results = parallel(len(OPERATIONS) + 1, lambda i: run_operation(s, proxy, OPERATIONS[i]) if i < len(OPERATIONS)
                           else probe(proxy.port, "--total", str(LENGTH)))
        for result in results[:-1]:
            eventually(lambda: executed(s, result["method"])[1] >= result["requests"], "the requests are logged")
            result["executed"], result["seen"] = executed(s, result["method"])
        return {"name": name, "version": proxy.version(), "operations": results[:-1], "report": results[-1]}


def naive(name):
    long = 9 * HEARTBEAT + TIMEOUT + 1
    with Server("--heartbeat", str(HEARTBEAT), "--diagnostics") as s, \
            proxies.start(name, s.port, TIMEOUT, proxies.NAIVE[name]) as proxy:
        return {"name": name, "version": proxy.version(), "report": probe(proxy.port, "--total", "%.1f" % long)}


def naive_names(name):
    """nginx-1.1 has more than one."""
    return [each for each in NAIVE if each == name or (each not in EXPECTED and each.startswith(name + "-"))]


def check(name):
    """The whole test of one proxy."""
    try:
        result = documented(name)
        found, requests = EXPECTED[name]
        same(codes(result["report"]), found, "the probe of the documented configuration")
        for operation in result["operations"]:
            same(operation["executed"], 1, "how often %s was done" % operation["method"])
            within(operation["seconds"], LENGTH * 0.99, 1000, operation["method"])
            within(operation["requests"], 1, requests, "requests for " + operation["method"])
        for each in naive_names(name):
            same(codes(naive(each)["report"]), NAIVE[each], "the probe of %s as it comes" % each)
    except proxies.Missing as missing:
        skip(str(missing))
