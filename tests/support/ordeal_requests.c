/*
 * The requests of the ordeal: each method in each of the ways that it can take.
 */
#include "tests/support/fs_mem.h"
#include "tests/support/ordeal.h"

#define SET(inner)                                                                                           \
    "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>" inner "</D:prop></D:set></D:propertyupdate>"
#define REMOVE(inner)                                                                                        \
    "<D:propertyupdate xmlns:D='DAV:'><D:remove><D:prop>" inner "</D:prop></D:remove></D:propertyupdate>"
#define NEW_PROP "<x xmlns='u:'>new</x>"
#define LOCKINFO                                                                                             \
    "<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope>"                                   \
    "<D:locktype><D:write/></D:locktype></D:lockinfo>"
#define TO(path) "Destination: http://dav.example/" path

/* clang-format off */
const struct ordeal_request ordeal_requests[] = {
    { "PUT", "PUT", "/d/new", 0, "new", 201, 0, 0, false },
    { "PUT, named", "PUT", "/d/new", 0, "new", 201, FS_MEM_NO_UNNAMED, 0, false },
    { "PUT with a time", "PUT", "/d/new", "X-OC-Mtime: 1234567890", "new", 201, 0, 0, false },
    { "PUT over a file", "PUT", "/file", 0, "new", 204, 0, 0, false },
    { "PUT over a file, named", "PUT", "/file", 0, "new", 204, FS_MEM_NO_UNNAMED, 0, false },
    { "PUT through a link", "PUT", "/link", 0, "new", 204, 0, 0, false },
    { "PUT over a locked file", "PUT", "/file", "If: (<%s>)", "new", 204, 0, "/file", false },
    { "COPY of a file", "COPY", "/file", TO("d/new"), 0, 201, 0, 0, false },
    { "COPY of a file, named", "COPY", "/file", TO("d/new"), 0, 201, FS_MEM_NO_UNNAMED, 0, false },
    { "COPY of a file over a file", "COPY", "/file", TO("d/f"), 0, 204, 0, 0, false },
    { "COPY of a file over a tree", "COPY", "/file", TO("other"), 0, 204, 0, 0, false },
    { "COPY of a file over a tree, no exchange", "COPY", "/file", TO("other"), 0, 204, FS_MEM_NO_EXCHANGE, 0, false },
    { "COPY of a file over a link", "COPY", "/d/f", TO("link"), 0, 204, 0, 0, false },
    { "COPY of a link", "COPY", "/link", TO("d/new"), 0, 201, 0, 0, false },
    { "COPY of a tree", "COPY", "/tree", TO("d/new"), 0, 201, 0, 0, false },
    { "COPY of a tree without its members", "COPY", "/tree", TO("d/new") "\nDepth: 0", 0, 201, 0, 0, false },
    { "COPY of a tree over a tree", "COPY", "/tree", TO("other"), 0, 204, 0, 0, false },
    { "COPY of a tree over a tree, no exchange", "COPY", "/tree", TO("other"), 0, 204, FS_MEM_NO_EXCHANGE, 0, false },
    { "COPY of a tree over a file", "COPY", "/tree", TO("file"), 0, 204, 0, 0, false },
    { "COPY of a tree to another file system", "COPY", "/tree", TO("mnt/new"), 0, 201, 0, 0, false },
    { "MOVE of a file", "MOVE", "/file", TO("d/new"), 0, 201, 0, 0, false },
    { "MOVE of a file over a file", "MOVE", "/file", TO("d/f"), 0, 204, 0, 0, false },
    { "MOVE of a file over a tree", "MOVE", "/file", TO("other"), 0, 204, 0, 0, false },
    { "MOVE of a file over a tree, no exchange", "MOVE", "/file", TO("other"), 0, 204, FS_MEM_NO_EXCHANGE, 0, false },
    { "MOVE of a link", "MOVE", "/link", TO("d/new"), 0, 201, 0, 0, false },
    { "MOVE of a tree", "MOVE", "/tree", TO("d/new"), 0, 201, 0, 0, false },
    { "MOVE of a locked tree", "MOVE", "/tree", TO("d/new") "\nIf: </tree> (<%s>)", 0, 201, 0, "/tree", false },
    { "MOVE of a tree over a tree", "MOVE", "/tree", TO("other"), 0, 204, 0, 0, false },
    { "MOVE of a tree over a tree, no exchange", "MOVE", "/tree", TO("other"), 0, 204, FS_MEM_NO_EXCHANGE, 0, false },
    { "MOVE of a tree over a file", "MOVE", "/tree", TO("file"), 0, 204, 0, 0, false },
    { "MOVE of a tree over a file, no exchange", "MOVE", "/tree", TO("file"), 0, 204, FS_MEM_NO_EXCHANGE, 0, false },
    { "MOVE of a file to another file system", "MOVE", "/file", TO("mnt/new"), 0, 201, 0, 0, true },
    { "MOVE of a file over one on another", "MOVE", "/file", TO("mnt/f"), 0, 204, 0, 0, true },
    { "MOVE of a tree to another file system", "MOVE", "/tree", TO("mnt/new"), 0, 201, 0, 0, true },
    { "MOVE of a tree over one on another", "MOVE", "/tree", TO("mnt/o"), 0, 204, 0, 0, true },
    { "DELETE of a file", "DELETE", "/file", 0, 0, 204, 0, 0, false },
    { "DELETE of a link", "DELETE", "/link", 0, 0, 204, 0, 0, false },
    { "DELETE of a tree", "DELETE", "/tree", 0, 0, 204, 0, 0, false },
    { "DELETE of a locked tree", "DELETE", "/tree", "If: (<%s>)", 0, 204, 0, "/tree", false },
    { "MKCOL", "MKCOL", "/d/new", 0, 0, 201, 0, 0, false },
    { "PROPPATCH that sets", "PROPPATCH", "/file", 0, SET(NEW_PROP "<y xmlns='u:'/>"), 207, 0, 0, false },
    { "PROPPATCH that sets a first one", "PROPPATCH", "/d/f", 0, SET(NEW_PROP), 207, 0, 0, false },
    { "PROPPATCH that removes", "PROPPATCH", "/file", 0, REMOVE("<x xmlns='u:'/>"), 207, 0, 0, false },
    { "PROPPATCH of a tree", "PROPPATCH", "/tree", 0, SET(NEW_PROP), 207, 0, 0, false },
    { "PROPPATCH through a link", "PROPPATCH", "/link", 0, SET(NEW_PROP), 207, 0, 0, false },
    { "PROPPATCH with what is the file's", "PROPPATCH", "/file", 0,
      SET(NEW_PROP "<e:executable xmlns:e='http://apache.org/dav/props/'>T</e:executable>"
          "<D:getlastmodified>Fri, 13 Feb 2009 23:31:30 GMT</D:getlastmodified>"), 207, 0, 0, false },
    { "LOCK", "LOCK", "/file", 0, LOCKINFO, 200, 0, 0, false },
    { "LOCK of a tree", "LOCK", "/tree", 0, LOCKINFO, 200, 0, 0, false },
    { "LOCK of a free name", "LOCK", "/d/new", 0, LOCKINFO, 201, 0, 0, false },
    { "LOCK again", "LOCK", "/file", "If: (<%s>)", 0, 200, 0, "/file", false },
    { "UNLOCK", "UNLOCK", "/file", "Lock-Token: <%s>", 0, 204, 0, "/file", false },
    { "GET", "GET", "/file", 0, 0, 200, 0, 0, false },
    { "GET of a part", "GET", "/link", "Range: bytes=1-", 0, 206, 0, 0, false },
    { "GET of a collection", "GET", "/tree/", 0, 0, 200, 0, 0, false },
    { "HEAD", "HEAD", "/file", 0, 0, 200, 0, 0, false },
    { "OPTIONS", "OPTIONS", "/file", 0, 0, 200, 0, 0, false },
    { "PROPFIND of a file", "PROPFIND", "/file", "Depth: 0", 0, 207, 0, 0, false },
    { "PROPFIND of a folder", "PROPFIND", "/", "Depth: 1", 0, 207, 0, 0, false },
    { "PROPFIND of a tree", "PROPFIND", "/", "Depth: infinity", 0, 207, 0, 0, false },
    { "PUT over a file, no attributes", "PUT", "/file", 0, "new", 204, FS_MEM_NO_ATTRS, 0, false },
    { "PUT, no attributes", "PUT", "/d/new", 0, "new", 201, FS_MEM_NO_ATTRS, 0, false },
    { "COPY of a file over a tree, no attributes", "COPY", "/file", TO("other"), 0, 204, FS_MEM_NO_ATTRS, 0, false },
    { "COPY of a tree, no attributes", "COPY", "/tree", TO("d/new"), 0, 201, FS_MEM_NO_ATTRS, 0, false },
    { "COPY of a tree over a tree, no attributes", "COPY", "/tree", TO("other"), 0, 204, FS_MEM_NO_ATTRS, 0, false },
    { "MOVE of a file over a file, no attributes", "MOVE", "/d/f", TO("file"), 0, 204, FS_MEM_NO_ATTRS, 0, false },
    { "MOVE of a tree, no attributes", "MOVE", "/tree", TO("d/new"), 0, 201, FS_MEM_NO_ATTRS, 0, false },
    { "MOVE of a tree over a tree, no attributes", "MOVE", "/tree", TO("other"), 0, 204, FS_MEM_NO_ATTRS, 0, false },
    { "MOVE to another file system, no attributes", "MOVE", "/tree", TO("mnt/o"), 0, 204, FS_MEM_NO_ATTRS, 0, true },
    { "DELETE of a file, no attributes", "DELETE", "/file", 0, 0, 204, FS_MEM_NO_ATTRS, 0, false },
    { "DELETE of a tree, no attributes", "DELETE", "/tree", 0, 0, 204, FS_MEM_NO_ATTRS, 0, false },
    { "MKCOL, no attributes", "MKCOL", "/d/new", 0, 0, 201, FS_MEM_NO_ATTRS, 0, false },
    { "PROPPATCH that sets, no attributes", "PROPPATCH", "/file", 0, SET(NEW_PROP), 207, FS_MEM_NO_ATTRS, 0, false },
    { "PROPPATCH that removes, no attributes", "PROPPATCH", "/tree", 0, REMOVE("<x xmlns='u:'/>"), 207,
      FS_MEM_NO_ATTRS, 0, false },
    { "PROPFIND of a tree, no attributes", "PROPFIND", "/", "Depth: infinity", 0, 207, FS_MEM_NO_ATTRS, 0, false },
    { .method = 0 },
};
/* clang-format on */
