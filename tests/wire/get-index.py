#!/usr/bin/env python3
"""GET of a collection is a plain HTML index with escaped names, with and without the slash; HEAD too."""
from urllib.parse import urljoin

from holdfast import *

with Server() as s:
    for name in ("a&b", "<script>alert(1)</script".replace("/", "-"), 'quo"te', "ü 😀", ".hidden", "100% #?"):
        s.write("dir/" + name, "x")
    s.path("dir/sub").mkdir()
    for target in ("/dir", "/dir/"):
        answer = s.request("GET", target)
        same(answer.status, 200)
        same(answer.get("content-type", "").split(";")[0], "text/html")
        text = answer.body.decode()
        same("<script>" in text, False, "a name is not markup")
        same("100%25%20%23%3F" in text, True, "links are encoded: %s" % text)
        links = re.findall(r'href="([^"]*)"', text)
        for link in links:
            same(s.request("GET", urljoin("http://x" + target, link)[len("http://x"):]).status, 200, "link %s" % link)
        same(s.request("HEAD", target).status, 200)
    same(s.request("GET", "/none").status, 404)
