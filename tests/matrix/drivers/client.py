"""Python's HTTP libraries: client.py LIBRARY METHOD URL DESTINATION TIMEOUT BODYFILE KNOWN-URL

Sends one operation, repeats it on the same session after a timeout if the library is *-repeat, then gets
KNOWN-URL on the same session: that must be its own answer, no left-over of the operation. Prints JSON:
client, status or error, next. An empty DESTINATION or BODYFILE is none; TIMEOUT 0 is none.
"""
import asyncio
import json
import sys

library, method, url, destination, timeout, body_file, known = sys.argv[1:8]
timeout = float(timeout) or None
headers = {"Destination": destination} if destination else {}
body = open(body_file, "rb").read() if body_file else None
said = {"tries": 0}


def again(send, timed_out):
    """Repeats as a patient program does; a status."""
    while True:
        said["tries"] += 1
        try:
            return send()
        except timed_out as error:
            if not library.endswith("-repeat") or said["tries"] == 8:
                raise RuntimeError("%s: %s" % (type(error).__name__, error)) from error


def with_requests():
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry

    said["client"] = "Python requests " + requests.__version__
    with requests.Session() as session:
        if library == "requests-retry":
            try:
                retry = Retry(total=8, allowed_methods=None, backoff_factor=0.05)
            except TypeError:
                retry = Retry(total=8, method_whitelist=None, backoff_factor=0.05)
            session.mount("http://", HTTPAdapter(max_retries=retry))
        said["status"] = again(lambda: session.request(method, url, headers=headers, data=body,
                                                       timeout=timeout).status_code, requests.Timeout)
        said["next"] = session.get(known, timeout=30).text


def with_urllib():
    import urllib.error
    import urllib.request

    said["client"] = "Python urllib.request %d.%d.%d" % sys.version_info[:3]

    def send():
        request = urllib.request.Request(url, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    said["status"] = again(send, TimeoutError)
    with urllib.request.urlopen(known, timeout=30) as answer:
        said["next"] = answer.read().decode()


def with_http_client():
    import http.client
    from urllib.parse import urlsplit

    said["client"] = "Python http.client %d.%d.%d" % sys.version_info[:3]
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def send():
        try:
            connection.request(method, parts.path, body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except TimeoutError:
            connection.close()
            raise

    said["status"] = again(send, TimeoutError)
    connection.request("GET", urlsplit(known).path)
    said["next"] = connection.getresponse().read().decode()


def with_httpx():
    import httpx

    said["client"] = "httpx " + httpx.__version__
    with httpx.Client(timeout=timeout) as client:
        said["status"] = again(lambda: client.request(method, url, headers=headers, content=body).status_code,
                               httpx.TimeoutException)
        said["next"] = client.get(known).text


def with_aiohttp():
    import aiohttp

    said["client"] = "aiohttp " + aiohttp.__version__

    async def all_of_it():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(sock_read=timeout)) as session:
            async with session.request(method, url, headers=headers, data=body) as answer:
                await answer.read()
                said["status"] = answer.status
            async with session.get(known) as answer:
                said["next"] = await answer.text()

    asyncio.run(all_of_it())


try:
    {"requests": with_requests, "urllib": with_urllib, "http.client": with_http_client, "httpx": with_httpx,
     "aiohttp": with_aiohttp}[library.split("-")[0]]()
except Exception as error:
    said["error"] = "%s: %s" % (type(error).__name__, error)
print(json.dumps(said))
