"""The servers, each with two workers, its own folder and a free port on loopback."""
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

MODULES = "/usr/lib/apache2/modules"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Server:
    """start, url, root, pids, stop. Subclasses say command() and write their configuration."""

    name = ""
    program = ""
    owner = None  # a user that must own the files, if it may not run as root

    def __init__(self, base):
        self.base = Path(base) / self.name
        self.root = self.base / "root"
        self.run = self.base / "run"
        for path in (self.root, self.run):
            path.mkdir(parents=True)
        self.port = free_port()
        self.process = None

    def start(self):
        self.own(self.base)
        with open(self.run / "log", "wb") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True)
        for _ in range(500):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("%s does not start: %s" % (self.name, (self.run / "log").read_text()[-500:]))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def restart(self):
        """Anew, with nothing of its own kept: what broke may have left locks behind."""
        self.stop()
        shutil.rmtree(self.run)
        self.run.mkdir()
        self.start()

    def own(self, path):
        if self.owner and os.getuid() == 0:
            subprocess.run(["chown", "-R", self.owner, str(path)], check=True)

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def pids(self):
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            try:
                for task in os.listdir("/proc/%d/task" % pid):
                    todo += map(int, Path("/proc/%d/task/%s/children" % (pid, task)).read_text().split())
            except OSError:
                pass
        return found

    def pss_kib(self):
        """Memory of all its processes, shared pages counted in parts."""
        total = 0
        for pid in self.pids():
            try:
                text = Path("/proc/%d/smaps_rollup" % pid).read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1])
            except (OSError, TypeError):
                pass
        return total


    def cpu_seconds(self):
        """Processor time of all its processes so far."""
        ticks = 0
        for pid in self.pids():
            fields = Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime, stime
        return ticks / os.sysconf("SC_CLK_TCK")


class Holdfast(Server):
    name, durability = "holdfast", "relaxed"  # none of the others syncs

    def __init__(self, base):
        super().__init__(base)
        self.program = os.environ.get("HOLDFAST", "holdfast")

    def command(self):
        return [self.program, "serve", "--listen", "127.0.0.1:%d" % self.port, "--workers", "2", "--durability",
                self.durability, "--state", str(self.run / "state"), "--log-level", "error", str(self.root)]

    def version(self):
        return subprocess.run([self.program, "--version"], capture_output=True, text=True).stdout.strip()


class HoldfastFull(Holdfast):
    name, durability = "holdfast-full", "full"


class Nginx(Server):
    name, program = "nginx", "/usr/sbin/nginx"

    def command(self):
        (self.run / "conf").write_text("""
load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
%s
worker_processes 2;
daemon off;
pid %s/pid;
error_log %s/error;
worker_rlimit_nofile 20000;
events { worker_connections 8192; }
http {
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 300;
    client_max_body_size 0;
    client_body_temp_path %s/body;
    dav_ext_lock_zone zone=locks:1m timeout=1h;
    server {
        listen 127.0.0.1:%d;
        root %s;
        location / {
            dav_methods PUT DELETE MKCOL COPY MOVE;
            dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
            dav_ext_lock zone=locks;
            autoindex on;
        }
    }
}
""" % ("user root;" if os.getuid() == 0 else "", self.run, self.run, self.run, self.port, self.root))
        return [self.program, "-p", str(self.run), "-c", str(self.run / "conf"), "-e", str(self.run / "error")]

    def version(self):
        return subprocess.run([self.program, "-v"], capture_output=True, text=True).stderr.split(": ")[-1].strip()


class Lighttpd(Server):
    name, program = "lighttpd", "/usr/sbin/lighttpd"

    def command(self):
        (self.run / "conf").write_text("""
server.modules = ( "mod_webdav" )
server.document-root = "%s"
server.bind = "127.0.0.1"
server.port = %d
server.max-worker = 2
server.max-fds = 16384
server.max-connections = 4096
server.max-keep-alive-requests = 1000000000
server.max-keep-alive-idle = 300
server.errorlog = "%s/error"
server.upload-dirs = ( "%s" )
include_shell "/usr/share/lighttpd/create-mime.conf.pl"
webdav.activate = "enable"
webdav.sqlite-db-name = "%s/webdav.db"
webdav.opts = ( "propfind-depth-infinity" => "enable" )
""" % (self.root, self.port, self.run, self.run, self.run))
        return [self.program, "-D", "-f", str(self.run / "conf")]

    def version(self):
        return subprocess.run([self.program, "-v"], capture_output=True, text=True).stdout.split(" (")[0].strip()


class Apache(Server):
    name, program = "apache", "/usr/sbin/apache2"
    owner = "www-data" if os.getuid() == 0 and "www-data" in {p.pw_name for p in pwd.getpwall()} else None

    def command(self):
        load = "\n".join("LoadModule %s_module %s/mod_%s.so" % (m, MODULES, m)
                         for m in ("mpm_event", "authz_core", "mime", "dir", "dav", "dav_fs", "dav_lock"))
        (self.run / "conf").write_text("""
ServerRoot %s
%s
ServerName localhost
Listen 127.0.0.1:%d
PidFile %s/pid
DefaultRuntimeDir %s
ErrorLog %s/error
TypesConfig /etc/mime.types
%s
StartServers 2
ServerLimit 2
ThreadsPerChild 64
MinSpareThreads 1
MaxSpareThreads 128
MaxRequestWorkers 128
AsyncRequestWorkerFactor 16
MaxConnectionsPerChild 0
KeepAlive On
KeepAliveTimeout 300
MaxKeepAliveRequests 0
LimitXMLRequestBody 0
DavLockDB %s/lock
DocumentRoot %s
<Directory %s>
    Dav On
    DavDepthInfinity on
    Require all granted
</Directory>
""" % (self.run, load, self.port, self.run, self.run, self.run,
            "User %s\nGroup %s" % (self.owner, self.owner) if self.owner else "", self.run, self.root, self.root))
        return [self.program, "-f", str(self.run / "conf"), "-DFOREGROUND"]

    def version(self):
        return subprocess.run([self.program, "-v"], capture_output=True, text=True).stdout.split("\n")[0].split(": ")[-1]


ALL = {s.name: s for s in (Holdfast, HoldfastFull, Nginx, Lighttpd, Apache)}
