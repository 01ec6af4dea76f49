"""Chromium without a window, told what to do over its own pipe (the DevTools protocol): it talks to this machine alone.

    with Chromium(folder) as browser:
        page = browser.open("http://127.0.0.1:8080/page.html")
        page.title()
"""
import json
import os
import shutil
import subprocess
import threading
import time

from holdfast import PATIENCE, die_with_parent, fail, skip

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--disable-popup-blocking",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost", "--remote-debugging-pipe"]
SECONDS = 30


class Page:
    def __init__(self, browser, target, session):
        self.browser, self.target, self.session = browser, target, session

    def call(self, method, **parameters):
        return self.browser.call(method, parameters, self.session)

    def go(self, url):
        """Waits until the page is there with all its parts; False if there is none (it was saved, or refused)."""
        before = self.browser.count("Page.loadEventFired", self.session)
        answer = self.call("Page.navigate", url=url)
        if "errorText" in answer:
            return False
        self.browser.wait(lambda: self.browser.count("Page.loadEventFired", self.session) > before, "%s is loaded" % url)
        return True

    def info(self):
        return self.browser.call("Target.getTargetInfo", {"targetId": self.target})["targetInfo"]

    def title(self):
        return self.info()["title"]


class Chromium:
    def __init__(self, folder):
        if not shutil.which("chromium"):
            skip("there is no chromium")
        self.folder = folder
        self.changed = threading.Condition()
        self.number, self.answers, self.events, self.gone = 0, {}, [], False

    def __enter__(self):
        to_read, self.to = os.pipe()
        self.back, to_write = os.pipe()
        # the numbers that --remote-debugging-pipe wants
        command = ["sh", "-c", 'exec chromium "$@" 3<&%d 4>&%d' % (to_read, to_write), "chromium"]
        self.process = subprocess.Popen(command + FLAGS + ["--user-data-dir=%s" % self.folder, "about:blank"],
                                        pass_fds=(to_read, to_write), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
        os.close(to_read)
        os.close(to_write)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close", {})
            self.process.wait(SECONDS * PATIENCE)
        except BaseException:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        self.reader.join()
        os.close(self.back)

    def read(self):
        rest = b""
        while True:
            piece = os.read(self.back, 1 << 16)
            *messages, rest = (rest + piece).split(b"\0")
            with self.changed:
                for message in map(json.loads, messages):
                    if "id" in message:
                        self.answers[message["id"]] = message
                    else:
                        self.events.append((message["method"], message.get("sessionId"), message.get("params")))
                self.gone = not piece
                self.changed.notify_all()
            if not piece:
                return

    def wait(self, condition, what):
        end = time.monotonic() + SECONDS * PATIENCE
        with self.changed:
            while not condition():
                if self.gone or not self.changed.wait(max(0, end - time.monotonic())):
                    fail("never happened in the browser: %s" % what)

    def call(self, method, parameters, session=None):
        self.number += 1
        number, message = self.number, {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        self.wait(lambda: number in self.answers, method)
        answer = self.answers.pop(number)
        if "error" in answer:
            fail("%s: %s" % (method, answer["error"]))
        return answer["result"]

    def count(self, event, session=None):
        return sum(1 for name, of, _ in self.events if name == event and of == session)

    def open(self, url=None):
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = Page(self, target, session)
        page.call("Page.enable")
        if url:
            page.go(url)
        return page
