#!/usr/bin/env python3
"""PROPPATCH is all or nothing, in document order: 403 with its condition for a protected one, 424 for the rest."""
from holdfast import *

with Server() as s:
    s.write("a", "x")
    answer = proppatch(s, "/a", "<D:set><D:prop><x xmlns='u:'>1</x></D:prop></D:set>"
                                "<D:set><D:prop><D:getetag>mine</D:getetag></D:prop></D:set>"
                                "<D:set><D:prop><y xmlns='u:'>2</y></D:prop></D:set>")
    props = multistatus(answer)["/a"][1]
    same({n: st for n, (st, _) in props.items()}, {"{u:}x": 424, dav("getetag"): 403, "{u:}y": 424})
    same(b"cannot-modify-protected-property" in answer.body, True, "the condition")
    found = propfind(s, "/a", "{u:}x", "{u:}y")["/a"][1]
    same([st for st, _ in found.values()], [404, 404])
    # order: set, remove, set of the same one
    answer = proppatch(s, "/a", "<D:set><D:prop><x xmlns='u:'>1</x></D:prop></D:set>"
                                "<D:remove><D:prop><x xmlns='u:'/></D:prop></D:remove>"
                                "<D:set><D:prop><x xmlns='u:'>3</x></D:prop></D:set>")
    same(answer.status, 207)
    same(propfind(s, "/a", "{u:}x")["/a"][1]["{u:}x"][1].text, "3")
    answer = proppatch(s, "/a", "<D:set><D:prop><x xmlns='u:'>1</x></D:prop></D:set>"
                                "<D:remove><D:prop><x xmlns='u:'/></D:prop></D:remove>")
    same(propfind(s, "/a", "{u:}x")["/a"][1]["{u:}x"][0], 404)
    # removing what is not there is no error
    answer = proppatch(s, "/a", "<D:remove><D:prop><none xmlns='u:'/></D:prop></D:remove>")
    same([st for st, _ in multistatus(answer)["/a"][1].values()], [200])
    same(proppatch(s, "/none", "<D:remove><D:prop><none xmlns='u:'/></D:prop></D:remove>").status, 404)
    for name in ("resourcetype", "getcontentlength", "creationdate", "lockdiscovery", "supportedlock",
                 "quota-available-bytes", "quota-used-bytes"):
        for verb in ("set", "remove"):
            answer = proppatch(s, "/a", "<D:%s><D:prop><D:%s/></D:prop></D:%s>" % (verb, name, verb))
            same([st for st, _ in multistatus(answer)["/a"][1].values()], [403], "%s %s" % (verb, name))
    # more than 1 MiB in all is refused whole
    for name, status in (("half", 200), ("x", 507)):
        answer = proppatch(s, "/a", "<D:set><D:prop><%s xmlns='u:'>%s</%s></D:prop></D:set>" % (name, "y" * 600000, name))
        same([st for st, _ in multistatus(answer)["/a"][1].values()], [status])
    same(propfind(s, "/a", "{u:}x")["/a"][1]["{u:}x"][0], 404)
