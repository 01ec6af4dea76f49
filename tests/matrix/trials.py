"""The list of trials: name, client, and whether it belongs to the fast run."""
import dataclasses
from typing import Callable

import dav_clients as dav
import http_clients as http
from trial import TIMEOUT


@dataclasses.dataclass
class One:
    run: Callable  # -> rows; raises Skip
    fast: bool = True
    limit: int = 120  # seconds, after which it is ended


T = TIMEOUT
TRIALS = {
    "cadaver": One(dav.cadaver),
    "cadaver-long": One(lambda: dav.cadaver(seconds=135, heartbeat=60), fast=False, limit=300),
    "davfs2-locks": One(lambda: dav.davfs2(locks=True), limit=150),
    "davfs2-nolocks": One(lambda: dav.davfs2(locks=False), limit=150),
    "davfs2-beyond-cap": One(dav.davfs2_beyond_cap, limit=150),
    "rclone": One(dav.rclone),
    "rclone-upload": One(dav.rclone_upload, limit=180),
    "rclone-upload-over": One(lambda: dav.rclone_upload(is_there=True), limit=180),
    "gvfs": One(dav.gvfs),
    "git": One(dav.git),
    "git-low-speed": One(lambda: dav.git(low_speed=T)),
    "curl": One(http.curl),
    "curl-max-time": One(lambda: http.curl(["-m", T], "-m %d" % T)),
    "curl-late": One(lambda: http.curl(["-m", T], "-m %d, repeated after the end" % T, is_late=True)),
    # Two seconds between its tries, or one would give up at the very moment of the answer.
    "curl-low-speed-retry": One(lambda: http.curl(["-Y", "1", "-y", T, "--retry", "8", "--retry-delay", "2"],
                                                  "-y %d --retry 8" % T)),
    "curl-async": One(lambda: http.curl(["-m", T, "-H", "Prefer: respond-async, wait=1"],
                                        "-m %d, Prefer: respond-async, wait=1" % T)),
    "wget": One(http.wget),
    "requests": One(lambda: http.python("requests", "requests", timeout=0)),
    "requests-repeat": One(lambda: http.python("requests-repeat", "requests", how=", repeats on the same Session")),
    "requests-retry": One(lambda: http.python("requests-retry", "requests", how=", urllib3 Retry(8)")),
    "urllib": One(lambda: http.python("urllib-repeat")),
    "http.client": One(lambda: http.python("http.client-repeat")),
    "httpx": One(lambda: http.python("httpx", "httpx")),
    "aiohttp": One(lambda: http.python("aiohttp", "aiohttp")),
    "node-http": One(lambda: http.node("http")),
    "node-fetch": One(lambda: http.node("fetch")),
    "npm-webdav": One(lambda: http.node_webdav(timeout=0), limit=240),
    "npm-webdav-abort": One(lambda: http.node_webdav(how=", AbortSignal"), limit=240),
    "php-streams": One(http.php),
    "perl-lwp": One(lambda: http.perl("LWP")),
    "perl-http-dav": One(lambda: http.perl("HTTP::DAV")),
    "java-httpclient": One(lambda: http.java("HttpClient")),
    "java-urlconnection": One(lambda: http.java("HttpURLConnection", kinds=("DELETE", "PUT"))),
}
