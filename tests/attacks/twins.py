#!/usr/bin/env python3
"""Two servers that differ only in what ann may not read are asked the very same, at random, by her and by nobody: all
answers are alike. So nothing of what is hidden can be learned, whatever the method, headers, locks, links and order.
A seed that fails is told; HOLDFAST_SEED repeats it."""
import random
from base64 import b64encode

from attack import *

SEED = int(os.environ.get("HOLDFAST_SEED", 0)) or random.randrange(1, 1 << 31)
ROUNDS, TRIES = 40 if LONG else 1, 3000  # fewer and fewer things are left in a round
R = random.Random(SEED)
ANN = {"Authorization": "Basic " + b64encode(b"ann:a").decode()}
RULES = ("/ * write", "/ - read", "/secret ** none", "/secret/way ann read", "/ro * read", "/ro/hid ** none",
         "/deep/in/no ** none", "/caf\u00e9 ** none", "/top ** none", "/top/a/b ann write")
SHOWN = ("pub/f", "pub/d/g", "ro/f", "ro/d/g", "deep/f", "deep/in/y", "secret/way/f", "top/a/b/f", "home/bob/base")
HIDDEN = ("secret/f", "secret/sub/f", "secret/way2/f", "ro/hid/f", "ro/hid/sub/x", "deep/in/no/f", "cafe\u0301/f", "top/f", "top/a/x/f",
          "home/bob/f")
OTHERS = ("secret/nope", "secret/more/f", "ro/hid/zz", "deep/in/no/q/r", "home/bob/else")  # in the other world
LINKS = (("../secret", "pub/l"), ("../secret/f", "pub/lf"), ("../ro/hid", "pub/rh"), ("../ro", "pub/lro"), ("l/sub", "pub/chain"),
         ("../deep/in/no/f", "pub/d2"), ("../top/a/b", "pub/top"), ("../../secret", "pub/d/up"), ("../home/bob", "pub/hb"), (".", "pub/self"),
         ("../pub/l/f", "ro/back"))
PATHS = ["/" + name for name in (*SHOWN, *HIDDEN, *OTHERS, *(link[1] for link in LINKS))]
PATHS = [path.replace("e\u0301", R.choice(("e%CC%81", "%C3%A9"))) for path in PATHS]
PATHS += sorted({path.rsplit("/", 1)[0] + slash for path in PATHS for slash in ("", "/")})
PATHS += ["/", "/new", "/new/x", "/pub/n2/", "/pub/l/f", "/pub/l/sub/f", "/pub/l/nope", "/pub/rh/f", "/pub/lro/hid/zz", "/pub/chain/f", "/pub/hb/f",
          "/pub/d/up/f", "/pub/self/l/f", "/pub/self/self/d/up", "/home/ann", "/home/ann/f", "/.holdfast/jobs", "/%73ecret/f", "/secret/none"]
METHODS = ("GET", "HEAD", "PROPFIND", "PROPFIND", "OPTIONS", "PUT", "DELETE", "MKCOL", "COPY", "COPY", "MOVE", "MOVE", "PROPPATCH", "LOCK", "LOCK",
           "UNLOCK", "UNLOCK")
BODIES = {"PUT": ("new", "", "x" * 3000), "LOCK": (lock_body(), lock_body(), ""),
          "PROPPATCH": ('<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="u:">v</x></D:prop></D:set></D:propertyupdate>',),
          "PROPFIND": ("", '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>',
                       '<D:propfind xmlns:D="DAV:"><D:allprop/><D:include><D:current-user-privilege-set/></D:include></D:propfind>')}
# What differs from server to server, and what a folder that is read tells of itself.
VARIES = ("date", "etag", "last-modified", "lock-token", "location", "content-length", "transfer-encoding", "retry-after")
MASKED = re.compile(r'opaquelocktoken:[0-9a-f-]+|\d{4}-\d\d-\d\dT[\d:.]+Z?|\w{3}, \d\d \w{3} \d{4} [\d:]+ GMT|"[0-9a-f]+(-[0-9a-f]+)+\\?"|'
                    r'[0-9a-f]{32}|Second-\d+|"elapsed_seconds": [\d.]+|"(state|started)": "\w+"')


def fill(s, names):
    for name in (*SHOWN, *names):
        s.write(name, name)
    for text, name in LINKS:
        s.path(name).symlink_to(text)


def seen(answer):
    """All that it tells, in any order of members."""
    text = MASKED.sub("~", answer.body.decode("latin-1")).replace("</D:multistatus>", "")
    parts = text.split("<D:response>" if "<D:response>" in text else "\n")
    return (answer.status, sorted((name, "~" if name in VARIES else value) for name, value in answer.headers),
            parts[0], sorted(part.strip() for part in parts[1:]))


def conditions(tokens):
    headers = {}
    for name, share, values in (("If-Match", 0.1, ("*", '"x"')), ("If-None-Match", 0.1, ("*", '"x"')), ("Range", 0.1, ("bytes=0-1",)),
                                ("Idempotency-Key", 0.05, "abc")):
        if R.random() < share:
            headers[name] = R.choice(values)
    if R.random() < 0.3:
        what = "(<%s>)" % tokens if tokens and R.random() < 0.7 else R.choice(('(["q"])', '(Not ["q"])', "(<DAV:no-lock>)"))
        headers["If"] = R.choice(("", "<%s> " % R.choice(PATHS))) + what
    return headers


def request(tokens):
    """Tokens differ: "%d" stands for one."""
    method, headers = R.choice(METHODS), conditions("%d" if tokens else None)
    if method in ("COPY", "MOVE"):
        headers.update({"Destination": R.choice(PATHS), "Overwrite": R.choice("TF"), "Depth": R.choice(("0", "infinity"))})
    elif method in ("PROPFIND", "LOCK"):
        headers["Depth"] = R.choice(("0", "1", "infinity"))
    elif method == "UNLOCK":
        headers["Lock-Token"] = "<%d>" if tokens else "<urn:x>"
    return method, R.choice(PATHS), {**(ANN if R.random() < 0.75 else {}), **headers}, R.choice(BODIES.get(method, (None,))) or None


class World:
    def __init__(self, server):
        self.server, self.connection, self.tokens = server, server.connect(), []

    def ask(self, method, target, headers, body, which):
        token = self.tokens[which] if self.tokens else ""
        headers = {name: value.replace("%d", token) if name in ("If", "Lock-Token") else value for name, value in headers.items()}
        try:
            return self.connection.request(method, target, headers, body)
        except Closed:  # after an answer that ends the connection
            self.connection = self.server.connect()
            return self.connection.request(method, target, headers, body)


def start():
    return Server("--anonymous", "write", "--home-folders", "/home", *(a for rule in RULES for a in ("--access", rule)),
                  users={"ann": "a", "bob": "b"})


def play(number, statuses):
    with start() as first, start() as second:
        fill(first, HIDDEN)
        fill(second, OTHERS)
        worlds = [World(first), World(second)]
        before = [tree(s.path("secret")) for s in (first, second)]
        for i in range(TRIES):
            asked, which = request(worlds[0].tokens), R.randrange(len(worlds[0].tokens) or 1)
            answers = [world.ask(*asked, which) for world in worlds]
            same(seen(answers[1]), seen(answers[0]), "seed %d, round %d, request %d: %s" % (SEED, number, i, asked))
            statuses[answers[0].status] = statuses.get(answers[0].status, 0) + 1
            if answers[0].status in (200, 201) and answers[0].get("lock-token"):
                for world, answer in zip(worlds, answers):
                    world.tokens = world.tokens[-5:] + [lock_token(answer)]
        same([tree(s.path("secret")) for s in (first, second)], before, "nobody has changed it")


STATUSES = {}
for turn in range(ROUNDS):
    play(turn, STATUSES)
same([status for status in (200, 204, 207, 403, 404, 412, 423) if not STATUSES.get(status)], [], "all kinds of answers")
figures(pairs_of_requests=ROUNDS * TRIES, differences=0, kinds_of_answers=len(STATUSES))
