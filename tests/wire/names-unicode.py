#!/usr/bin/env python3
"""A decomposed name (macOS) finds the composed one on disk and back; both may exist side by side."""
from unicodedata import normalize
from urllib.parse import quote

from holdfast import *

NFC, NFD = normalize("NFC", "Übergröße é"), normalize("NFD", "Übergröße é")
with Server() as s:
    s.write(NFC, "composed")
    same(s.request("GET", "/" + quote(NFD)).body, b"composed")
    same(s.request("PUT", "/" + quote(NFD), {}, "changed").status, 204)
    same(s.read(NFC), b"changed")
    same(os.listdir(s.root), [NFC], "no twin was made")
    same(s.request("MKCOL", "/" + quote(NFD)).status, 405)
    same(s.request("DELETE", "/" + quote(NFD)).status, 204)
    s.path(NFD).mkdir()
    s.write(NFD + "/" + NFD, "decomposed")
    same(s.request("GET", "/" + quote(NFC) + "/" + quote(NFC)).body, b"decomposed")
    s.write(NFC + "/x", "other")
    same(s.request("GET", "/" + quote(NFC) + "/x").body, b"other", "the exact name wins")
    same(s.request("GET", "/" + quote(NFD) + "/" + quote(NFC)).body, b"decomposed")
