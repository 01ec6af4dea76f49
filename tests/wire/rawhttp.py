"""HTTP/1.x by hand, for tests that need to see every byte: interim answers, odd framing, broken bodies.

Python's own http.client takes the first 102 for the final answer, so it cannot be used here.
"""
import socket
import ssl
import time


class Closed(Exception):
    """The server closed the connection where more was expected."""


class Response:
    """status, reason, proto, headers (list of pairs, names in lower case), body, and the interim
    answers that came before: interims is a list of (status, headers, seconds since the request)."""

    def __init__(self, proto, status, reason, headers):
        self.proto, self.status, self.reason, self.headers = proto, status, reason, headers
        self.body = b""
        self.interims = []

    def get(self, name, default=None):
        values = self.all(name)
        return values[0] if values else default

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def __repr__(self):
        return "%d %s %r %r" % (self.status, self.reason, self.headers, self.body[:300])


def trusting():
    """For TLS with anybody, under whatever name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Connection:
    """tls: True, or an SSLContext; login: what Authorization says in requests that do not say it themselves;
    source: from which address of ours; buffer: bytes that the system takes for us unasked."""

    def __init__(self, host, port, tls=False, timeout=30, login=None, source=None, buffer=None):
        self.host, self.port, self.login = host, port, login
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(timeout)
        if source:
            self.sock.bind((source, 0))
        if buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.sock.connect((host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = tls if isinstance(tls, ssl.SSLContext) else trusting()
            self.sock = context.wrap_socket(self.sock, server_hostname="localhost")
        self.buffer = b""
        self.sent_at = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        """Hangs up the hard way: the server gets a reset, not an end of data."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()

    def end(self):
        """No more comes from us; TLS is not told, as somebody who dies does not."""
        socket.socket.shutdown(self.sock, socket.SHUT_WR)

    # ---- sending ----

    def send(self, data):
        self.sent_at = time.monotonic()
        self.sock.sendall(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)

    def head(self, method, target, headers=(), proto="HTTP/1.1", host=True, agent=True):
        """The head of a request as bytes. headers: a dict or a list of pairs."""
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        lines = ["%s %s %s" % (method, target, proto)]
        if host and not any(name.lower() == "host" for name, _ in pairs):
            lines.append("Host: %s" % self.authority())
        if agent and not any(name.lower() == "user-agent" for name, _ in pairs):
            lines.append("User-Agent: holdfast-test/1")  # who does not say who it is gets no interim answers
        if self.login and not any(name.lower() == "authorization" for name, _ in pairs):
            lines.append("Authorization: %s" % self.login)
        lines += ["%s: %s" % pair for pair in pairs]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")

    def authority(self):
        return ("[%s]:%d" if ":" in self.host else "%s:%d") % (self.host, self.port)

    def start(self, method, target, headers=(), body=None, proto="HTTP/1.1", chunked=False):
        """Sends a whole request and does not wait for the answer."""
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        body = body.encode() if isinstance(body, str) else body
        if chunked:
            pairs.append(("Transfer-Encoding", "chunked"))
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
        elif body is not None:
            pairs.append(("Content-Length", str(len(body))))
        self.send(self.head(method, target, pairs, proto) + (body or b""))

    def request(self, method, target, headers=(), body=None, proto="HTTP/1.1", chunked=False):
        try:
            self.start(method, target, headers, body, proto, chunked)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            pass  # refused while we were sending: the answer is there to be read
        return self.response(method)

    # ---- receiving ----

    def fill(self):
        try:
            data = self.sock.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            data = b""
        self.buffer += data
        return len(data)

    def line(self):
        while b"\n" not in self.buffer:
            if not self.fill():
                raise Closed("closed after %r" % self.buffer[:200])
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r")

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self.fill():
                raise Closed("closed after %d of %d bytes" % (len(self.buffer), count))
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def response_head(self):
        proto, status, reason = (self.line().decode("latin-1").split(" ", 2) + ["", ""])[:3]
        assert proto.startswith("HTTP/1."), "not a status line: %r" % proto
        headers = []
        while True:
            line = self.line().decode("latin-1")
            if not line:
                return Response(proto, int(status), reason, headers)
            name, value = line.split(":", 1)
            headers.append((name.strip().lower(), value.strip()))

    def response(self, method="GET"):
        """The final answer with its body, interim ones collected on the way."""
        interims = []
        while True:
            answer = self.response_head()
            if answer.status >= 200:
                break
            interims.append((answer.status, answer.headers, time.monotonic() - self.sent_at))
        answer.interims = interims
        answer.body = self.body(answer, method)
        return answer

    def body(self, answer, method):
        if method == "HEAD" or answer.status in (204, 304):
            return b""
        if "chunked" in (answer.get("transfer-encoding") or "").lower():
            return self.chunks()
        if answer.get("content-length") is not None:
            return self.exactly(int(answer.get("content-length")))
        while self.fill():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def chunks(self):
        data = b""
        while True:
            size = int(self.line().split(b";")[0], 16)
            if size == 0:
                while self.line():
                    pass
                return data
            data += self.exactly(size)
            assert self.line() == b"", "a chunk longer than it says"

    def is_closed(self):
        """Waits until the server has closed the connection; False if it sends something instead."""
        return not self.buffer and self.fill() == 0

    def rest(self):
        """Everything until the server closes."""
        while self.fill():
            pass
        data, self.buffer = self.buffer, b""
        return data
