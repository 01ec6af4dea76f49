#!/usr/bin/env python3
"""Every old version and every cipher suite that ever had a number, offered one at a time; compression, falling back, and
renegotiation; and a thousand and a half handshakes that stop half-way while others are served."""
from attack import *
from pki import Authority

HALVES = 500
TIMEOUT = 4
VERSIONS = {0x0300: "SSL 3.0", 0x0301: "TLS 1.0", 0x0302: "TLS 1.1", 0x0303: "TLS 1.2"}
SUITES = [*range(0x100), *range(0xC000, 0xC100), *range(0xCC13, 0xCC16), *range(0xCCA8, 0xCCAF), *range(0xD001, 0xD006)]
SIGNALS = (0x00FF, 0x5600)  # no suites: renegotiation is understood; this is a fallback
# Forward secrecy, and encryption that authenticates: with AES-GCM, AES-CCM and ChaCha20 (RFC 5289, 7251, 7905).
MODERN = {"rsa": {0xC02F, 0xC030, 0xCCA8}, "ec": {0xC02B, 0xC02C, 0xCCA9, 0xC0AC, 0xC0AD}}
HELLO, ALERT = 22, 21
RENEGOTIATIONS = 5
descriptors(8000)


def sized(data, length):
    return len(data).to_bytes(length, "big") + data


def words(values):
    return sized(b"".join(value.to_bytes(2, "big") for value in values), 2)


def extension(number, data):
    return number.to_bytes(2, "big") + sized(data, 2)


def hello(version, suites, compressions=b"\0"):
    """A ClientHello of up to TLS 1.2, as a record."""
    extensions = extension(10, words([29, 23, 24, 256])) + extension(11, b"\1\0") + extension(0xFF01, b"\0") + \
        extension(13, words([0x0403, 0x0503, 0x0804, 0x0805, 0x0401, 0x0501, 0x0203, 0x0201]))
    body = version.to_bytes(2, "big") + os.urandom(32) + b"\0" + words(suites) + sized(compressions, 1) + sized(extensions, 2)
    handshake = b"\1" + sized(body, 3)
    return b"\x16" + min(version, 0x0301).to_bytes(2, "big") + sized(handshake, 2)


def offer(s, record):
    """What comes first: the ServerHello as (version, suite, compression), or the alert's number; None if closed."""
    with socket.create_connection((s.host, s.port), 30 * PATIENCE) as sock:
        said = b""
        try:
            sock.sendall(record)
            while len(said) < 5 or len(said) < 5 + int.from_bytes(said[3:5], "big"):
                piece = sock.recv(4096)
                if not piece:
                    return None
                said += piece
        except ConnectionResetError:
            return None
    if said[0] == ALERT:
        return said[6]
    same((said[0], said[5]), (HELLO, 2), "a ServerHello")
    after = 9 + 2 + 32 + 1 + said[43]
    return int.from_bytes(said[9:11], "big"), int.from_bytes(said[after:after + 2], "big"), said[after + 2]


def old_ones(s, kind):
    taken, offers = set(), 0
    for version in VERSIONS:
        for suite in SUITES:
            if suite not in SIGNALS:
                offers += 1
                answer = offer(s, hello(version, [suite, 0x00FF]))
                if isinstance(answer, tuple):
                    same((answer[0], answer[2]), (0x0303, 0), "version and compression with suite %04x of %s" % (suite, VERSIONS[version]))
                    taken.add(suite)
    same(taken - MODERN[kind], set(), "suites that were taken")
    same(len(taken) >= 2, True, "at least these: %r" % taken)
    best = min(taken)
    same(offer(s, hello(0x0303, [best], b"\1\0"))[2], 0, "compression")
    same(isinstance(offer(s, hello(0x0303, [best, SIGNALS[1]])), tuple), False, "TLS 1.2 said to be a fallback, where 1.3 is spoken")
    same(offer(s, hello(0x0303, [suite for suite in SUITES if suite not in SIGNALS]))[1] in MODERN[kind], True, "of all, a modern one")
    return offers + 3, len(taken)


def renegotiate(s):
    """openssl asks for it in the middle of a connection, and is hung up on."""
    for _ in range(RENEGOTIATIONS):
        client = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", "%s:%d" % (s.host, s.port)], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        said = b""
        while b"Extended master secret" not in said:  # the end of what it tells of the handshake
            piece = client.stdout.read1()
            same(bool(piece), True, "openssl's connection: %r" % said)
            said += piece
        client.stdin.write(b"R\n")
        client.stdin.flush()
        said += client.stdout.read()  # until it ends by itself: its input is still open
        client.stdin.close()
        client.wait()
        same(said.rpartition(b"RENEGOTIATING\n")[2], b"closed\n", "what openssl says to it")
    s.alive()


def halves(s):
    """Who says nothing, sends half a ClientHello, or never answers the ServerHello."""
    whole = hello(0x0303, [0xC02F, 0xC02B, 0xCCA8, 0xCCA9, 0xC030, 0xC02C])
    before, socks = s.memory_kib(), []
    for first in (b"", whole[:len(whole) // 2], whole):
        for _ in range(HALVES):
            socks.append(socket.create_connection((s.host, s.port), 60 * PATIENCE))
            socks[-1].sendall(first)
    served = 0
    for _ in range(100):
        served += s.request("GET", "/f").status == 200
    fds = len(os.listdir("/proc/%d/fd" % s.process.pid))
    same((served, fds > 3 * HALVES), (100, True), "served while they were all there")
    memory = s.memory_kib() - before
    eventually(lambda: len(os.listdir("/proc/%d/fd" % s.process.pid)) < 100, "each is sent away", 4 * TIMEOUT)
    for sock in socks:
        sock.close()
    return round(memory / 3 / HALVES, 1)


offers = taken = 0
with temporary() as t:
    ca = Authority(t, "CA")
    for kind in ("rsa", "ec"):
        cert, key = ca.issue(kind, kind=kind)
        with Server("--tls-cert", str(cert), "--tls-key", str(key), "--log-level", "error", "--max-connections", "3000", "--head-timeout", str(TIMEOUT)) as s:
            s.tls = True
            s.write("f", "x")
            found = old_ones(s, kind)
            offers, taken = offers + found[0], taken + found[1]
            if kind == "ec":
                renegotiate(s)
                each = halves(s)
            s.alive()
figures(versions_and_suites_offered=offers, taken=taken, taken_that_are_old=0, renegotiations_tried=RENEGOTIATIONS, granted=0, half_handshakes=3 * HALVES, served_meanwhile=100,
        KiB_each=each, sent_away=3 * HALVES)
