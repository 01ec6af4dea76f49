"""Real proxies, each started on a free port with files of its own, never the system's.

    with start("haproxy", origin_port, timeout=2) as proxy:     # as docs/proxies.md prints it
        ... proxy.port ...
    with start("apache", origin_port, timeout=2, configuration=NAIVE["apache"]) as proxy:

A configuration is a text as an administrator would write it; what a test must change in it (ports, the
read timeout, where files lie) is replaced by patterns, each of which must be found.
"""
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent.parent
PAGE = TOP / "docs" / "proxies.md"
APACHE_MODULES = Path("/usr/lib/apache2/modules")


class Missing(Exception):
    """The proxy is not installed."""


def documented(kind, name):
    """The fenced text below the marker <!-- KIND: NAME --> of docs/proxies.md; None if there is none."""
    found = re.search(r"<!-- %s: %s -->\n```\w*\n(.*?)^```" % (kind, re.escape(name)), PAGE.read_text(), re.M | re.S)
    return found[1] if found else None


def documented_options(name):
    """What the page tells to give to `holdfast serve`."""
    line = documented("options", name)
    return re.findall(r"(--[a-z-]+) '([^']*)'", line) if line else []


def replace(text, *pairs):
    for pattern, by in pairs:
        text, count = re.subn(pattern, by, text)
        if not count:
            raise AssertionError("the configuration has no %r:\n%s" % (pattern, text))
    return text


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Proxy:
    """A running proxy. Subclasses say program, write(configuration) and command()."""

    program = ""
    version_option = "-v"

    def __init__(self, name, origin_port, timeout, configuration=None):
        if not os.access(self.program, os.X_OK):
            raise Missing("%s is not installed" % self.program)
        self.name, self.origin, self.timeout = name, origin_port, timeout
        self.configuration = configuration or documented("configuration", name)
        assert self.configuration, "docs/proxies.md has no configuration for %s" % name
        self.is_documented = configuration is None
        self.base = Path(tempfile.mkdtemp(prefix="holdfast-proxy-"))
        self.base.chmod(0o777)  # some give up being root
        self.port = free_port()
        self.process = None

    def __enter__(self):
        try:
            self.write(self.configuration)
            with open(self.base / "output", "wb") as log:
                self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                                cwd=self.base, start_new_session=True, env=self.environment(),
                                                preexec_fn=die_with_parent)
            self.wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        if self.process:
            try:  # its children, all in the session that began with it
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
        shutil.rmtree(self.base, ignore_errors=True)

    stop_signal = signal.SIGTERM

    def environment(self):
        return {**os.environ, "HOME": str(self.base), "XDG_CONFIG_HOME": str(self.base),
                "XDG_DATA_HOME": str(self.base)}

    def wait(self):
        """Until it accepts connections."""
        end = time.monotonic() + 30
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("%s does not start:\n%s" % (self.name, self.log()[-2000:]))

    def log(self):
        return "".join(path.read_text(errors="replace") for path in sorted(self.base.glob("*"))
                       if path.is_file() and path.name in ("output", "error", "cache.log"))

    def file(self, name, text):
        path = self.base / name
        path.write_text(text)
        return path

    @property
    def url(self):
        return "http://127.0.0.1:%d/" % self.port

    @classmethod
    def version(cls):
        done = subprocess.run([cls.program] + cls.version_option.split(), capture_output=True, text=True)
        found = re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr)
        return found[0] if found else "?"

    def seconds(self):
        return "%g" % self.timeout

    # what most configurations share
    def common(self, text, listen):
        return replace(text, (r"127\.0\.0\.1:8080", "127.0.0.1:%d" % self.origin), listen)


class Nginx(Proxy):
    program = "/usr/sbin/nginx"

    def write(self, text):
        text = self.common(text, (r"listen 80;", "listen 127.0.0.1:%d;" % self.port))
        text = replace(text, (r"server_name files\.example\.org;", ""),
                       (r"proxy_read_timeout 60s;", "proxy_read_timeout %ss;" % self.seconds()))
        self.file("nginx.conf", """
%s
daemon off;
worker_processes 1;
pid %s/pid;
error_log %s/error info;
events { worker_connections 512; }
http {
access_log %s/access;
client_body_temp_path %s/body;
proxy_temp_path %s/temp;
%s
}
""" % (("user root;" if os.getuid() == 0 else "",) + (self.base,) * 5 + (text,)))

    def command(self):
        return [self.program, "-p", str(self.base), "-c", str(self.base / "nginx.conf"), "-e", str(self.base / "error")]


class Apache(Proxy):
    program = "/usr/sbin/apache2"

    def write(self, text):
        text = self.common(text, (r"\*:80>", "127.0.0.1:%d>" % self.port))
        text = replace(text, (r"timeout=60", "timeout=" + self.seconds()))
        modules = "".join("LoadModule %s_module %s/mod_%s.so\n" % (name, APACHE_MODULES, name)
                          for name in ("mpm_event", "authz_core", "proxy", "proxy_http"))
        self.file("apache.conf", """
%s
ServerRoot %s
DefaultRuntimeDir %s
PidFile %s/pid
ErrorLog %s/error
ServerName localhost
%s
Listen 127.0.0.1:%d
StartServers 1
ThreadsPerChild 32
MaxRequestWorkers 64
ServerLimit 2
%s
""" % ((modules,) + (self.base,) * 4 +
       ("User www-data\nGroup www-data" if os.getuid() == 0 else "", self.port, text)))

    def command(self):
        return [self.program, "-D", "FOREGROUND", "-f", str(self.base / "apache.conf")]


class Haproxy(Proxy):
    program = "/usr/sbin/haproxy"

    def write(self, text):
        text = self.common(text, (r"bind :80", "bind 127.0.0.1:%d" % self.port))
        self.file("haproxy.cfg", replace(text, (r"timeout server 60s", "timeout server %ss" % self.seconds())))

    def command(self):
        return [self.program, "-db", "-f", str(self.base / "haproxy.cfg")]


class Caddy(Proxy):
    program = "/usr/bin/caddy"
    version_option = "version"

    def write(self, text):
        text = self.common(text, (r"files\.example\.org {", "http://:%d {" % self.port))
        if self.name == "caddy-timeout":
            text = replace(text, (r"response_header_timeout 60s", "response_header_timeout %ss" % self.seconds()))
        self.file("Caddyfile", "{\n    admin off\n    auto_https off\n}\n" + text)

    def command(self):
        return [self.program, "run", "--adapter", "caddyfile", "--config", str(self.base / "Caddyfile")]


class Varnish(Proxy):
    program = "/usr/sbin/varnishd"
    version_option = "-V"

    def write(self, text):
        self.file("holdfast.vcl", replace(text, (r'\.port = "8080"', '.port = "%d"' % self.origin)))

    def command(self):
        line = replace(documented("command", self.name), (r"-a :80", "-a 127.0.0.1:%d" % self.port),
                       (r"/etc/varnish", str(self.base)), (r"pipe_timeout=60", "pipe_timeout=" + self.seconds()),
                       (r"^varnishd", self.program))
        return line.split() + ["-F", "-n", str(self.base / "n"), "-j", "none", "-T", "none", "-s", "default,32m",
                               "-p", "first_byte_timeout=" + self.seconds(),
                               "-p", "between_bytes_timeout=" + self.seconds()]


class Squid(Proxy):
    program = "/usr/sbin/squid"

    def write(self, text):
        text = replace(text, (r"http_port 80", "http_port 127.0.0.1:%d" % self.port),
                       (r"parent 8080", "parent %d" % self.origin),
                       (r"read_timeout 15 minutes", "read_timeout %s seconds" % self.seconds()))
        self.file("squid.conf", text + """
pid_filename none
cache_log %s/cache.log
access_log none
coredump_dir %s
shutdown_lifetime 0 seconds
visible_hostname localhost
pinger_enable off
netdb_filename none
cache_effective_user proxy
workers 1
""" % (self.base, self.base))

    def command(self):
        return [self.program, "-N", "-n", "holdfast%d" % self.port, "-f", str(self.base / "squid.conf")]


class Lighttpd(Proxy):
    program = "/usr/sbin/lighttpd"

    def write(self, text):
        text = replace(text, (r"server\.port = 80\b", 'server.port = %d\nserver.bind = "127.0.0.1"' % self.port),
                       (r'"port" => 8080', '"port" => %d' % self.origin))
        if self.is_documented:
            text = replace(text, (r'"read-timeout" => 60', '"read-timeout" => %s' % self.seconds()))
        self.file("lighttpd.conf", text + """
server.document-root = "%s"
server.upload-dirs = ( "%s" )
server.errorlog = "%s/error"
""" % (self.base, self.base, self.base))

    def command(self):
        return [self.program, "-D", "-f", str(self.base / "lighttpd.conf")]


CLASSES = {"nginx": Nginx, "apache": Apache, "haproxy": Haproxy, "caddy": Caddy, "varnish": Varnish, "squid": Squid,
           "lighttpd": Lighttpd}


def proxy_class(name):
    return CLASSES[name.split("-")[0]]


def start(name, origin_port, timeout, configuration=None):
    return proxy_class(name)(name, origin_port, timeout, configuration)


# As found in many tutorials: what an administrator has who has not read docs/proxies.md.
NAIVE = {
    "nginx-1.0": """
server {
    listen 80;
    server_name files.example.org;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_read_timeout 60s;
    }
}
""",
    "nginx-1.1": """
server {
    listen 80;
    server_name files.example.org;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_read_timeout 60s;
    }
}
""",
    "nginx-1.1-close": """
server {
    listen 80;
    server_name files.example.org;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_http_version 1.1;
        proxy_read_timeout 60s;
    }
}
""",
    "nginx-1.1-unbuffered": """
server {
    listen 80;
    server_name files.example.org;
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_buffering off;
        proxy_read_timeout 60s;
    }
}
""",
    "apache": """
<VirtualHost *:80>
    ProxyAddHeaders Off
    ProxyPass / http://127.0.0.1:8080/ timeout=60
</VirtualHost>
""",
    "haproxy": """
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend files
    bind :80
    default_backend holdfast
backend holdfast
    option forwardfor
    server holdfast 127.0.0.1:8080
""",
    "caddy": """
files.example.org {
    reverse_proxy 127.0.0.1:8080
}
""",
    "varnish": """
vcl 4.1;
backend default {
    .host = "127.0.0.1";
    .port = "8080";
}
""",
    "squid": """
http_port 80 accel defaultsite=files.example.org
cache_peer 127.0.0.1 parent 8080 0 no-query originserver
http_access allow all
read_timeout 15 minutes
""",
    "lighttpd": """
server.modules += ( "mod_proxy" )
server.port = 80
proxy.server = ( "" => (( "host" => "127.0.0.1", "port" => 8080 )) )
""",
}
