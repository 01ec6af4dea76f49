"""What the tests of long operations share: a Holdfast whose changes wait at a gate, and its jobs.

    with Held("--heartbeat", "30") as s:
        s.write("slow/a", "x")
        job = s.accepted("MOVE", "/slow", {"Destination": "/moved"})     # a 202; it waits at the gate
        s.open_gate()
        same(s.ended(job)["result"]["status"], 201)

Only calls on names that contain "slow" wait.
"""
import json
import shutil
from base64 import b64encode

from holdfast import *

PUBLISHING = "renameat2=0,linkat=0,unlinkat=0"
ASYNC = ("Prefer", "respond-async, wait=0")


def pairs_of(headers):
    return list(headers.items() if isinstance(headers, dict) else headers)


def at_once(headers=()):
    """The headers, and the wish to be answered 202 at once."""
    return pairs_of(headers) + [ASYNC]


class Held(Server):
    def __init__(self, *options, slow=PUBLISHING, match="slow", gate=True, **more):
        super().__init__(*options, slow=slow, match=match, gate=gate, **more)

    # ---- the gate ----

    def open_gate(self):
        self.gate.touch()

    def shut_gate(self):
        self.gate.unlink(missing_ok=True)
        self.mark.unlink(missing_ok=True)

    def is_held(self):
        """Waits until something has come to the gate."""
        eventually(self.mark.exists, "an operation at the gate")

    def has_read(self, *connections):
        """Waits until the server has read all that was sent on these connections."""
        for connection in connections:
            eventually(lambda: unread(connection) == 0, "the request is read")
        for _ in range(8):  # each goes to the next of its threads, behind what was read before
            self.request("OPTIONS", "/", self.asker())

    def asker(self):
        return self.credentials.get(next(iter(self.users)), {}) if self.users else {}

    @property
    def credentials(self):
        return {name: {"Authorization": "Basic " + b64encode(("%s:%s" % (name, secret)).encode()).decode()}
                for name, secret in (self.users or {}).items()}

    # ---- jobs ----

    def accepted(self, method, target, headers=(), body=None):
        """The address of the job that a request with wait=0 became."""
        answer = self.request(method, target, at_once(headers), body)
        same(answer.status, 202, "%s %s with respond-async" % (method, target))
        return answer.get("location")

    def job(self, uri, headers=()):
        answer = self.request("GET", uri, headers)
        same(answer.status, 200, "GET %s" % uri)
        return json.loads(answer.body)

    def jobs(self, headers=()):
        answer = self.request("GET", "/.holdfast/jobs", headers)
        same(answer.status, 200, "GET /.holdfast/jobs")
        return json.loads(answer.body)["jobs"]

    def ended(self, uri, headers=()):
        """The job once it has ended."""
        found = []

        def is_over():
            found[:] = [self.job(uri, headers)]
            return "result" in found[0]

        eventually(is_over, "the end of %s" % uri, 30)
        return found[0]

    def hows(self, method, count):
        """What the access log says of `count` requests of this method: "ran", "joined", ... sorted."""
        found = []

        def are_logged():
            found[:] = re.findall(r'"%s [^\n]* how="?(\w+)' % method, self.log())
            return len(found) >= count

        eventually(are_logged, "%d %s in the log" % (count, method))
        return sorted(found)


def unread(connection):
    """Bytes that wait in the server's socket of this connection."""
    port = connection.sock.getsockname()[1]
    end = ":%04X" % port
    for line in open("/proc/net/tcp"):
        fields = line.split()
        if fields[2].endswith(end) and fields[3] == "01" and fields[1].endswith(":%04X" % connection.port):
            return int(fields[4].split(":")[1], 16)
    return 0
